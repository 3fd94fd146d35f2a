"""The programs of a script whose arguments say something about credentials: a table, read by `shell_facts`."""

from __future__ import annotations

from rolecall.source.records import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A program (with its subcommands) whose options say something.

    `options` maps an option to the fact's name; an option named "" is the first argument that is no option.  `pairs`
    says that the option's value is a `key=value` whose key is the fact's name.  `target` is the option, or the number
    of the argument, that names the fact's target.  `stdin` is the fact's name for what is piped in.
    """

    words: tuple[str, ...]
    kind: str
    options: dict[str, str]
    pairs: bool = False
    target: str | int = ""
    stdin: str = ""


_LOGIN = {"-u": "username", "--username": "username", "-p": "password", "--password": "password"}
PROGRAMS = (
    *(
        Program((tool, "login"), "login", _LOGIN, target=0, stdin="password")
        for tool in ("docker", "podman", "buildah")
    ),
    Program(("helm", "registry", "login"), "login", _LOGIN, target=0, stdin="password"),
    Program(
        ("az", "login"),
        "login",
        {
            **_LOGIN,
            "-t": "tenant",
            "--tenant": "tenant",
            "--federated-token": "federated-token",
            "--identity": "identity",
        },
    ),
    Program(("az", "acr", "login"), "login", {"-n": "registry", "--name": "registry", **_LOGIN}),
    Program(
        ("gcloud", "auth", "activate-service-account"),
        "login",
        {"--key-file": "key-file", "": "account"},
        stdin="key-file",
    ),
    Program(("gcloud", "auth", "login"), "login", {"--cred-file": "cred-file"}),
    Program(("oc", "login"), "login", {**_LOGIN, "--token": "token"}, target=0),
    Program(("vault", "login"), "login", {"": "token"}),
    Program(("gh", "auth", "login"), "login", {}, stdin="token"),
    Program(("npm", "config", "set"), "login", {"": "setting"}),
    Program(("cf", "login"), "login", {**_LOGIN, "-a": "endpoint"}),
    Program(("cf", "auth"), "login", {"": "username"}),
    Program(("snowsql",), "login", {"-u": "username", "-a": "account"}),
    Program(
        ("aws", "sts", "assume-role"),
        "assume-role",
        {"--role-arn": "role-arn", "--role-session-name": "role-session-name"},
    ),
    Program(
        ("aws", "sts", "assume-role-with-web-identity"),
        "assume-role",
        {"--role-arn": "role-arn", "--web-identity-token": "web-identity-token"},
    ),
    Program(("aws", "secretsmanager", "get-secret-value"), "store-read", {"--secret-id": "secretsmanager"}),
    Program(("aws", "ssm", "get-parameter"), "store-read", {"--name": "ssm"}),
    Program(("aws", "ssm", "get-parameters-by-path"), "store-read", {"--path": "ssm"}),
    Program(
        ("az", "keyvault", "secret", "show"),
        "store-read",
        {"--name": "keyvault", "-n": "keyvault"},
        target="--vault-name",
    ),
    Program(("gcloud", "secrets", "versions", "access"), "store-read", {"--secret": "secretmanager"}),
    Program(("vault", "kv", "get"), "store-read", {"": "vault"}, target="-field"),
    Program(("vault", "read"), "store-read", {"": "vault"}, target="-field"),
    Program(("op", "read"), "store-read", {"": "1password"}),
    Program(("chamber", "exec"), "store-read", {"": "chamber"}),
    Program(("aws-vault", "exec"), "store-read", {"": "aws-vault"}),
    Program(
        ("kubectl", "create", "secret", "generic"),
        "store-write",
        {"--from-literal": "", "--from-file": "", "--from-env-file": ""},
        pairs=True,
        target=0,
    ),
    Program(
        ("kubectl", "create", "secret", "docker-registry"),
        "store-write",
        {"--docker-username": "docker-username", "--docker-password": "docker-password"},
        target=0,
    ),
    Program(("kubectl", "create", "configmap"), "store-write", {"--from-literal": ""}, pairs=True, target=0),
    Program(("kubectl", "set", "env"), "store-write", {"": ""}, pairs=True, target=0),
    Program(("gh", "secret", "set"), "store-write", {"--body": "github", "-b": "github"}, target=0, stdin="github"),
    Program(("aws", "ssm", "put-parameter"), "store-write", {"--value": "ssm"}, target="--name"),
    Program(
        ("aws", "secretsmanager", "put-secret-value"),
        "store-write",
        {"--secret-string": "secretsmanager"},
        target="--secret-id",
    ),
    Program(
        ("aws", "secretsmanager", "create-secret"),
        "store-write",
        {"--secret-string": "secretsmanager"},
        target="--name",
    ),
    Program(("heroku", "config:set"), "store-write", {"": ""}, pairs=True, target="-a"),
    *(
        Program((tool, verb), "terraform-var", {"-var": "", "--var": ""}, pairs=True)
        for tool in ("terraform", "tofu", "terragrunt")
        for verb in ("plan", "apply", "destroy", "refresh", "import")
    ),
    *(
        Program((tool, "init"), "backend-config", {"-backend-config": "", "--backend-config": ""}, pairs=True)
        for tool in ("terraform", "tofu", "terragrunt")
    ),
    *(
        Program((tool, "output"), "terraform-output", {"": ""}, target="-chdir")
        for tool in ("terraform", "tofu", "terragrunt")
    ),
    *(
        Program(words, "build-arg", {"--build-arg": ""}, pairs=True)
        for words in (
            ("docker", "build"),
            ("docker", "buildx"),
            ("podman", "build"),
            ("buildah", "bud"),
            ("docker-compose", "build"),
        )
    ),
    *(
        Program(words, "command-env", {"-e": "", "--env": ""}, pairs=True)
        for words in (("docker", "run"), ("podman", "run"), ("docker", "exec"))
    ),
    *(
        Program(("helm", verb), "option", {"--set": "", "--set-string": ""}, pairs=True, target=0)
        for verb in ("upgrade", "install")
    ),
    Program(
        ("gcloud", "run", "deploy"), "option", {"--set-env-vars": "", "--update-env-vars": ""}, pairs=True, target=0
    ),
    Program(
        ("az", "webapp", "config", "appsettings", "set"), "option", {"--settings": ""}, pairs=True, target="--name"
    ),
    Program(("curl",), "option", {"-u": "user", "--user": "user", "-H": "header", "--header": "header"}),
    Program(("wget",), "option", {"--password": "password", "--header": "header"}),
    *(Program(("sops", verb), "sops", {"": verb}) for verb in ("decrypt", "encrypt", "exec-env", "exec-file")),
    Program(("sops",), "sops", {"-d": "decrypt", "--decrypt": "decrypt", "-e": "encrypt", "--encrypt": "encrypt"}),
)
PROGRAMS_BY_NAME: dict[str, list[Program]] = {}
for _program in PROGRAMS:
    PROGRAMS_BY_NAME.setdefault(_program.words[0], []).append(_program)
