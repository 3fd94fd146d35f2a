"""Where application code reads environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.frontends.application import MAX_BYTES, EnvRead, mentions, reads
from rolecall.source.tree import Tree

NAMES = {"AWS_KEY", "KEY", "DB_URL", "SHOP_AWS_KEY_ID"}


def found(root: Path, files: dict[str, str | bytes]) -> list[EnvRead]:
    tree = Tree(root).with_overlay(
        {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    )
    return list(reads(tree, tree.paths(), NAMES))


READ = [
    ("a.py", "import os\nx = os.environ['AWS_KEY']\n", "python", "os.environ['AWS_KEY']"),
    ("a.py", "x = os.environ.get('KEY', '')\n", "python", "os.environ.get('KEY', '')"),
    ("a.py", "from os import getenv\nx = getenv('KEY')\n", "python", "getenv('KEY')"),
    ("a.py", "x = env.str('DB_URL')\n", "python", "env.str('DB_URL')"),
    ("a.py", "x = env('DB_URL')\n", "python", "env('DB_URL')"),
    ("a.py", "x = config('KEY', default=1)\n", "python", "config('KEY', default=1)"),
    ("a.py", "x = app.config['KEY']\n", "python", "app.config['KEY']"),
    ("a.py", "if 'KEY' in os.environ: pass\n", "python", "'KEY' in os.environ"),
    ("a.py", "class S(BaseSettings):\n    aws_key: str\n", "python", "aws_key: str"),
    ("a.py", "x = Field(validation_alias='KEY')\n", "python", "validation_alias='KEY'"),
    ("a.py", "é = '€'; x = os.environ['KEY']\n", "python", "os.environ['KEY']"),
    ("a.py", "print 'old python', os.environ['KEY']\n", "python", "KEY"),
    ("a.js", "const k = process.env.AWS_KEY || ''", "javascript", "AWS_KEY"),
    ("a.ts", "const k = process.env['AWS_KEY']!;", "javascript", "AWS_KEY"),
    ("a.ts", "const {\n  AWS_KEY,\n  OTHER\n} = process.env;", "javascript", "AWS_KEY"),
    ("a.ts", "this.configService.get<string>('KEY')", "javascript", "KEY"),
    ("a.ts", "import.meta.env.KEY", "javascript", "KEY"),
    ("a.rb", "k = ENV['AWS_KEY']", "ruby", "AWS_KEY"),
    ("a.rb", 'k = ENV.fetch("KEY") { 1 }', "ruby", "KEY"),
    ("A.java", 'String k = System.getenv("KEY");', "java", "KEY"),
    ("application.properties", "aws.key=${AWS_KEY:}", "java", "AWS_KEY"),
    ("a.go", 'k := os.Getenv("KEY")', "go", "KEY"),
    ("a.go", 'k, ok := os.LookupEnv("KEY")', "go", "KEY"),
    ("a.go", 'Key string `env:"KEY,required"`', "go", "KEY"),
    ("a.go", 'const ACCESS_KEY = "SHOP_AWS_KEY_ID"\n', "go", "SHOP_AWS_KEY_ID"),
    ("a.go", 'cli.StringFlag{EnvVar: "SHOP_AWS_KEY_ID"}', "go", "SHOP_AWS_KEY_ID"),
    ("A.java", 'static final String KEY_ID = "SHOP_AWS_KEY_ID";', "java", "SHOP_AWS_KEY_ID"),
    ("a.php", "$k = $_ENV['KEY'];", "php", "KEY"),
    ("a.php", "$k = env('KEY', null);", "php", "KEY"),
    ("a.cs", 'Environment.GetEnvironmentVariable("KEY")', "dotnet", "KEY"),
    ("a.rs", 'let k = std::env::var("KEY")?;', "rust", "KEY"),
    ("a.rs", 'let k = env!("KEY");', "rust", "KEY"),
    ("a.c", 'char *k = getenv("KEY");', "c", "KEY"),
    ("a.ex", 'System.fetch_env!("KEY")', "elixir", "KEY"),
    ("a.sh", 'curl -u "$KEY"', "shell", "KEY"),
    ("a.sh", "echo ${KEY:-none}", "shell", "KEY"),
    ("a.ps1", "Write-Host $env:KEY", "shell", "KEY"),
    ("Makefile", "all:\n\techo $(KEY)", "shell", "KEY"),
    ("Dockerfile", "FROM x\nARG KEY\n", "dockerfile", "KEY"),
    ("Dockerfile.prod", "ENV A=b KEY=c", "dockerfile", "KEY"),
    (".env.example", "A=1\nKEY=\n", "dotenv", "KEY"),
    ("docker-compose.yml", "services:\n  a:\n    environment:\n      - KEY=${DB_URL}\n", "compose", "KEY"),
]


@pytest.mark.parametrize(("path", "content", "kind", "text"), READ, ids=[f"{row[0]}-{row[3][:25]}" for row in READ])
def test_readings(tmp_path: Path, path: str, content: str, kind: str, text: str) -> None:
    first = found(tmp_path, {path: content})[0]
    assert first.kind == kind
    assert first.name in NAMES
    assert content.encode()[first.span.start : first.span.end].decode() == text


NOT_READ = [
    ("a.py", "# os.environ['KEY']\nx = 'KEY'\n"),
    ("a.py", "os.environ['KEY'] = 'x'\n"),
    ("a.py", "x = os.environ['MY_KEY'] + os.environ['KEYS']\n"),
    ("a.py", "d = {}\nd['KEY']\n"),
    ("a.js", "// process.env.KEY"),
    ("a.js", "process.env.KEY = 'x'"),
    ("a.js", "process.env['KEY'] = 'x'"),
    ("a.js", "process.env.KEYS; x.KEY"),
    ("a.go", 'const KEY = "KEY"'),
    ("a.go", 'if name == "SHOP_AWS_KEY_ID" {'),
    ("a.js", 'const variables = [{ name: "SHOP_AWS_KEY_ID", value: id }]'),
    ("a.sh", "KEY=1"),
    ("a.sh", "# $KEY"),
    ("a.sh", "$KEYS ${MY_KEY}"),
    ("Dockerfile", "# ARG KEY\nRUN echo KEYS\n"),
    ("vendor/a.go", 'os.Getenv("KEY")'),
    ("a.min.js", "process.env.KEY"),
    ("package-lock.json", '"KEY": 1'),
    ("a.tf", 'x = "$KEY"'),
    ("values.yaml", "KEY: 1"),
    ("README.md", "os.environ['KEY']"),
    ("big.js", "process.env.KEY;" + " " * MAX_BYTES),
    ("long.js", " " * 3000 + "process.env.KEY"),
]


@pytest.mark.parametrize(("path", "content"), NOT_READ, ids=[f"{row[0]}-{row[1][:25].strip()}" for row in NOT_READ])
def test_what_is_no_reading(tmp_path: Path, path: str, content: str) -> None:
    assert found(tmp_path, {path: content}) == []


def test_explicit_clients(tmp_path: Path) -> None:
    content = (
        "import boto3\n"
        "s3 = boto3.client('s3', aws_access_key_id=k, aws_secret_access_key=s, aws_session_token=None)\n"
        "x = dict(aws_access_key=1)\n"
    )
    assert [(read.kind, read.name, read.span.line) for read in found(tmp_path, {"a.py": content})] == [
        ("explicit-client", "aws_access_key_id", 2),
        ("explicit-client", "aws_secret_access_key", 2),
    ]


def test_byte_order_mark_and_carriage_returns(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfx = os.environ['KEY']\r\ny = os.environ['KEY']\r\n"
    assert [content[read.span.start : read.span.end] for read in found(tmp_path, {"a.py": content})] == [
        b"os.environ['KEY']",
        b"os.environ['KEY']",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\x00 os.environ['KEY']",
        b"(" * 5000 + b" os.environ['KEY']",
        b"x = '''os.environ['KEY']",
        b"KEY " * 50_000,
        b"\\" * 3000 + b"KEY",
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes) -> None:
    for path in ("a.py", "a.js", "a.sh", "Dockerfile", ".env"):
        for read in found(tmp_path, {path: content}):
            assert read.name == "KEY"


def test_names_are_text_not_patterns(tmp_path: Path) -> None:
    tree = Tree(tmp_path).with_overlay({"a.js": b"process.env.KEY"})
    assert list(reads(tree, tree.paths(), {".*", "(", "", "K[E]Y"})) == []
    assert list(reads(tree, ["gone.js", "a.js"], set())) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text(alphabet="KEY_AWS$%{}[]()'\"=.\n #envprocsgt:-", max_size=200),
    st.sampled_from(["a.py", "a.js", "a.sh", "Dockerfile", ".env", "compose.yml"]),
)
def test_any_text_is_read(tmp_path: Path, content: str, path: str) -> None:
    for read in found(tmp_path, {path: content}):
        assert content.encode()[read.span.start : read.span.end]


def test_files_that_name_a_variable_at_all(tmp_path: Path) -> None:
    files = {
        "settings.py": b"KEY = os.environ['KEY']\n",
        "store.py": b"client(settings.KEY, settings.AWS_KEY)\n",
        "other.py": b"MONKEY = KEYS\n",
        "notes.md": b"KEY\n",
    }
    tree = Tree(tmp_path).with_overlay(files)
    assert list(mentions(tree, tree.paths(), {"KEY", "AWS_KEY"})) == [
        ("KEY", "settings.py"),
        ("AWS_KEY", "store.py"),
        ("KEY", "store.py"),
    ]
