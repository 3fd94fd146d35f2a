"""YAML and JSON nodes: exact spans, bounded reading, templates tolerated."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rolecall.frontends.values import Mapping, Scalar, Template, Unknown, Value, children, plain, render
from rolecall.frontends.yaml_values import read_documents, to_value
from rolecall.source.text import SourceText
from rolecall.source.yaml import (
    MAX_DEPTH,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    load,
)


def root(source: str | bytes, tolerant: bool = False) -> YamlNode:
    data = source.encode() if isinstance(source, str) else source
    nodes, faults = load(SourceText("x.yaml", data), tolerant)
    assert not faults
    assert len(nodes) == 1
    return nodes[0]


def mapping(source: str | bytes, tolerant: bool = False) -> YamlMapping:
    node = root(source, tolerant)
    assert isinstance(node, YamlMapping)
    return node


def written(node: YamlNode) -> str:
    return node.text.data[node.start : node.end].decode()


def value(source: str, tolerant: bool = False) -> Value:
    return to_value(root(source, tolerant))


def walk(node: YamlNode) -> list[YamlNode]:
    found = [node]
    if isinstance(node, YamlMapping):
        for pair in node.pairs:
            found += walk(pair.key) + walk(pair.value)
    elif isinstance(node, YamlSequence):
        for item in node.items:
            found += walk(item)
    return found


def test_block_collections_end_with_their_last_leaf() -> None:
    source = "a:\n  b: 1  # note\n\n  c:\n  - x\n  - y   # last\n\n# end\nd: 2\n"
    node = mapping(source)
    assert written(node.get("a")) == "b: 1  # note\n\n  c:\n  - x\n  - y"
    assert [source[pair.start : pair.end] for pair in node.pairs] == [
        "a:\n  b: 1  # note\n\n  c:\n  - x\n  - y",
        "d: 2",
    ]
    assert written(node) == source.rstrip()


def test_marks_are_bytes_behind_wide_characters_and_a_bom() -> None:
    data = "\ufeffä: 'ö€'\r\n𝒳: !Sub 'ü'\r\nz: last\r\n".encode()
    node = mapping(data)
    assert [data[pair.start : pair.end].decode() for pair in node.pairs] == ["ä: 'ö€'", "𝒳: !Sub 'ü'", "z: last"]
    assert [pair.span.line for pair in node.pairs] == [1, 2, 3]
    assert node.pairs[0].span.column == 1
    assert node.pairs[1].value.span.column == 4


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("a: !Ref Name", "Name"),
        ("a: &x !Ref Name", "Name"),
        ("a: !Sub &x\n  # why\n  'text'", "'text'"),
        ("a: plain", "plain"),
        ("a: !If [b, c]", "[b, c]"),
    ],
)
def test_content_starts_behind_tag_and_anchor(source: str, content: str) -> None:
    node = mapping(source).get("a")
    assert node is not None
    assert source[node.content_start : node.end] == content


def test_block_scalars_end_at_their_last_line_of_text() -> None:
    node = mapping("run: |\n  one\n  two\n\n\nnext: 1\n")
    assert written(node.get("run")) == "|\n  one\n  two"
    assert node.get("run").value == "one\ntwo\n"
    assert node.get("run").style == "|"


def test_empty_values_lie_behind_their_colon() -> None:
    source = "a:\nb: {c: , d}\ne:"
    node = mapping(source)
    assert [source[pair.start : pair.end] for pair in node.pairs] == ["a:", "b: {c: , d}", "e:"]


def test_json_is_read_by_the_same_code() -> None:
    source = '\t{\n\t"a":\t"x\\/\\u00e9\\ud83d\\ude00",\n\t"b": [1, {"c":null}],\n\t"https://e.x/": true }'
    node = mapping(source)
    assert node.get("a").value[:3] == "x/é"
    assert written(node.get("b")) == '[1, {"c":null}]'
    assert written(node.pairs[1].key) == '"b"'
    assert plain(to_value(node.get("b"))) == [1, {"c": None}]


def test_aliases_share_the_node_and_keep_their_own_place() -> None:
    source = "a: &x {k: v}\nb: *x\nc:\n- *x\n- 2\n"
    node = mapping(source)
    assert node.get("a") is node.get("b")
    assert source[node.pairs[1].start : node.pairs[1].end] == "b: *x"
    items = node.get("c")
    assert [source[start:end] for start, end in items.spots] == ["*x", "2"]


def test_merge_keys_bring_in_what_is_not_there() -> None:
    node = mapping("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  x: 0\n  <<: [*a, *b]\n")
    merged = node.get("c")
    assert plain(to_value(merged)) == {"x": 0, "y": 2, "z": 4}
    assert [pair.merged for pair in merged.pairs] == [False, True, True]


def test_of_a_key_written_twice_the_last_counts_and_it_is_reported() -> None:
    nodes, faults = load(SourceText("x", b"a: 1\nb: 2\na: 3\n"))
    assert plain(to_value(nodes[0])) == {"b": 2, "a": 3}
    assert [fault.span.line for fault in faults] == [3]
    assert "twice" in faults[0].message


def test_a_bad_document_does_not_hide_the_others() -> None:
    text = SourceText("x", b"a: 1\n---\nb: [\n---\nc: }\n---\nd: 2\n---\n# nothing\n")
    nodes, faults = load(text)
    assert [node.pairs[0].name for node in nodes] == ["a", "d"]
    assert len(faults) == 2
    assert [node.span.line for node in load(text)[0]] == [1, 7]


def test_faults_never_quote_the_file() -> None:
    for data in (
        b"a: 'hush",
        b"hush: [",
        b"hush: 1\nhush: 2",
        b"a: *hush",
        b"%hush\n---\n",
        b'a: "\\hush"',
        b"\thush: 1",
    ):
        faults = load(SourceText("x", data))[1]
        assert faults
        assert not any("hush" in fault.message for fault in faults)


def test_stray_bytes_do_not_hide_a_file() -> None:
    nodes, faults = load(SourceText("x", b"a: caf\xe9 \x01\nb: 2\n"))
    assert written_bytes(nodes[0].get("b")) == b"2"
    assert [(fault.kind, fault.span.start) for fault in faults] == [("syntax", 6)]


def written_bytes(node: YamlNode) -> bytes:
    return node.text.data[node.start : node.end]


def test_utf_16_is_one_fault() -> None:
    nodes, faults = load(SourceText("x", "a: 1".encode("utf-16")))
    assert not nodes
    assert len(faults) == 1


@pytest.mark.parametrize("data", [b"[" * 10_000, b'{"a":' * 10_000, b"- " * 10_000, b"? " * 10_000, b"!a [" * 10_000])
def test_deep_nesting_is_a_limit(data: bytes) -> None:
    nodes, faults = load(SourceText("x", data + b"\n---\nb: 1\n"))
    assert faults[0].kind == "limit"
    assert [node.pairs[0].name for node in nodes] == ["b"]


def test_what_is_just_not_too_deep_is_read_and_turned_into_values() -> None:
    node = root(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    deep: Value = to_value(node)
    for _ in range(MAX_DEPTH - 1):
        (deep,) = children(deep)
    assert children(deep) == ()


def test_aliases_cannot_grow_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    nodes, faults = load(SourceText("x", "\n".join(lines).encode()))
    assert {fault.kind for fault in faults} == {"limit"}
    assert len(walk(nodes[0])) < 400_000
    assert "${?}" in render(to_value(nodes[0].get("a11")))


@pytest.mark.parametrize("source", ["a: &x [*x]", "a: &x\n  b: *x", "a: *nobody", "a: &x {<<: *x}"])
def test_an_alias_of_what_is_not_complete_is_a_fault(source: str) -> None:
    nodes, faults = load(SourceText("x", source.encode()))
    assert [fault.kind for fault in faults] == ["syntax"]
    assert len(nodes) == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("2012-10-17", "2012-10-17"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0123", "0123"),
        ("001234567890", "001234567890"),
        ("123456789012", 123456789012),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        (".inf", ".inf"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("'true'", "true"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("!Anything 1", "1"),
    ],
)
def test_scalars_follow_the_core_schema(source: str, expected: object) -> None:
    found = value(f"a: {source}")
    assert isinstance(found, Mapping)
    assert repr(plain(found)["a"]) == repr(expected)


def test_keys_are_strings() -> None:
    found = value("on: 1\n123: 2\ntrue: 3\n")
    assert plain(found) == {"on": 1, "123": 2, "true": 3}


HELM = """\
{{- if .Values.on }}
{{/* a comment with }} braces
     over lines */}}
kind: Deployment
metadata:
  name: {{ include "app.name" . }}-api
  labels: {{- include "app.labels" . | nindent 4 }}
  annotations:
    {{- toYaml .Values.annotations | nindent 4 }}
spec:
  {{- with .Values.spec }}
  size: {{ .size }}
  {{- else }}
  size: 1
  {{- end }}
  quoted: "{{ .Values.a | default "none" }}"
  {{ $key }}: {{ $value | quote }}
  script: |
    echo {{ .Values.word }}
    {{- range .Values.lines }}
    {{ . }}
    {{- end }}
  kept: plain
{{- end }}
"""


def test_helm_templates_keep_their_spans() -> None:
    node = mapping(HELM, tolerant=True)
    assert node.get("kind").span.line == 4
    spec = node.get("spec")
    assert written(spec.get("quoted")) == '"{{ .Values.a | default "none" }}"'
    assert spec.get("kept").span.line == 23
    assert not spec.get("kept").templated


def test_what_a_template_fills_in_is_unknown() -> None:
    found = to_value(mapping(HELM, tolerant=True))
    name = next(iter_find(found, "metadata.name"))
    assert isinstance(name, Template)
    assert render(name) == "${?}-api"
    for path in ("metadata.labels", "metadata.annotations", "spec.quoted"):
        assert isinstance(next(iter_find(found, path)), Unknown), path
    assert render(next(iter_find(found, "spec.script"))).startswith("echo ${?}\n")
    assert next(iter_find(found, "kind")) == Scalar("Deployment", mapping(HELM, True).get("kind").span)


def iter_find(found: Value, path: str):
    from rolecall.frontends.values import find

    return find(found, path)


def test_template_text_in_a_readable_document_is_cut_out_when_tolerant_only() -> None:
    source = "a: 'x{{ .Values.y }}z'\nb: '{{resolve:ssm:name}}'\n"
    assert plain(value(source)) == {"a": "x{{ .Values.y }}z", "b": "{{resolve:ssm:name}}"}
    assert render(to_value(mapping(source, tolerant=True))) == "a=x${?}z,b={{resolve:ssm:name}}"


def test_jinja_blocks_are_tolerated() -> None:
    node = mapping("a: 1\n{% if x %}\nb: {{ y }}\n{% endif %}\n{# note #}\nc: 3\n", tolerant=True)
    assert render(to_value(node)) == "a=1,b=${?},c=3"


@pytest.mark.parametrize(
    "data", [b"{{" * 20_000, b"a{{}}" * 20_000, b"{{}}" * 20_000, b"{{/*" * 20_000, b"{%{{{#" * 9_000]
)
def test_hostile_directives_are_read_in_one_pass(data: bytes) -> None:
    nodes, faults = load(SourceText("x", data), tolerant=True)
    assert len(nodes) <= 1
    assert len(faults) <= 100


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=50), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain_data, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_comes_back_as_it_was_and_spans_slice_to_it(
    data: object, indent: int | str | None, ascii_only: bool
) -> None:
    written_json = json.dumps({"root": data}, indent=indent, ensure_ascii=ascii_only).encode()
    if b"\\ud" in written_json or b"\xef\xbb\xbf" in written_json:
        return  # surrogate escapes lose their character, by design; a byte order mark inside is for no one
    nodes, faults = load(SourceText("x.json", written_json))
    assert not faults
    assert plain(to_value(nodes[0])) == {"root": data}
    for node in walk(nodes[0]):
        again = json.loads(written_json[node.start : node.end])
        assert again == (node.value if isinstance(node, YamlScalar) and node.style else plain(to_value(node)))


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12), min_size=1, max_size=6)
)
def test_spans_of_quoted_scalars_with_any_text(texts: list[str]) -> None:
    texts = [text.replace("\ufeff", "") for text in texts]
    lines = [f"k{n}: '{text.replace(chr(39), chr(39) * 2)}'  # ü" for n, text in enumerate(texts)]
    data = "\n".join(lines).encode()
    node = mapping(data)
    for pair, text in zip(node.pairs, texts, strict=True):
        assert isinstance(pair.value, YamlScalar)
        raw = data[pair.value.start : pair.value.end].decode()
        assert raw == "'" + text.replace("'", "''") + "'"


tokens = st.sampled_from(
    ["a", "é", ":", " ", "\n", "- ", "  ", "{", "}", "[", "]", ",", "'", '"', "|", ">", "&x ", "*x", "!t ", "#", "<<: ",
     "---\n", "{{", "}}", "{%", "%}", "? ", "\t", "\r\n", "\\", "\ufeff", "\x00", "%", "key: ", "\u2028"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(tokens, max_size=40).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=80), st.booleans())
@example(b"\xef\xbb\xbf", False)
@example(b"\xef\xbb\xbf\xef\xbb\xbf[", True)
@example(b"a: \xef\xbf\xbe", False)
def test_any_bytes_are_read(data: bytes, tolerant: bool) -> None:
    text = SourceText("x", data)
    nodes, problems = read_documents(text, tolerant)
    for node in nodes:
        to_value(node)
        for inner in walk(node):
            assert 0 <= inner.start <= inner.end <= len(data)
            assert inner.start <= inner.content_start <= inner.end
            if isinstance(inner, YamlMapping):
                assert all(pair.start <= pair.end for pair in inner.pairs)
    if not nodes and not problems:
        assert not load(text, tolerant)[0]
