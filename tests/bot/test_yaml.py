"""YAML files as GitHub reads them: lines to the letter, and a clear sentence for what GitHub refuses."""

import pytest

from bot.model.errors import UnreadableError
from bot.yaml import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    quoted,
    read_yaml,
)


def mapping(text: str) -> YamlMapping:
    node = read_yaml(text.encode())
    assert isinstance(node, YamlMapping)
    return node


def scalar(node: YamlNode | None) -> YamlScalar:
    assert isinstance(node, YamlScalar)
    return node


def lines(node: YamlNode | None) -> tuple[int, int]:
    assert node is not None
    return node.line, node.end_line


def test_every_scalar_stays_the_text_that_was_written() -> None:
    root = mapping("on: yes\nversion: 1.10\nhex: 0x1F\ntrue: ~\nnothing:\n'quoted': 'it''s'\nmode: 0755\n")
    assert {key: scalar(value).value for key, value in root.values.items()} == {
        "on": "yes",
        "version": "1.10",
        "hex": "0x1F",
        "true": "~",
        "nothing": "",
        "quoted": "it's",
        "mode": "0755",
    }


def test_nothing_and_null_are_told_from_an_empty_text() -> None:
    root = mapping("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n")
    assert [key for key in root.keys if root.get(key) is None] == ["a", "b", "c"]


def test_lines_are_exact_for_every_style() -> None:
    root = mapping(
        "plain: one\n"  # 1
        "long: one\n"  # 2
        "  two\n"  # 3
        "\n"  # 4
        "  three\n"  # 5
        'quoted: "one\n'  # 6
        '  two"\n'  # 7
        "literal: |  # why\n"  # 8
        "  one\n"  # 9
        "\n"  # 10
        "  two\n"  # 11
        "\n"  # 12
        "# a comment that belongs to nobody\n"  # 13
        "folded: >-\n"  # 14
        "  one\n"  # 15
        "kept: |+\n"  # 16
        "  one\n"  # 17
        "\n"  # 18
        "flow: {a: [1,\n"  # 19
        "  2], b: 3\n"  # 20
        "}\n"  # 21
        "block:\n"  # 22
        "  - x\n"  # 23
        "  - y: z\n"  # 24
        "\n"  # 25
        "last: |\n"  # 26
        "  end without a newline"  # 27
    )
    assert {key: lines(value) for key, value in root.values.items()} == {
        "plain": (1, 1),
        "long": (2, 5),
        "quoted": (6, 7),
        "literal": (8, 11),
        "folded": (14, 15),
        "kept": (16, 17),
        "flow": (19, 21),
        "block": (23, 24),
        "last": (26, 27),
    }
    assert scalar(root.get("literal")).body_line == 9
    assert scalar(root.get("quoted")).body_line == 6
    assert root.keys["last"].line == 26
    assert (root.line, root.end_line) == (1, 27)


def test_anchors_and_aliases_are_followed_and_keep_the_lines_of_what_they_name() -> None:
    root = mapping("a: &a\n  - x\n  - &x {k: v}\nb: *a\nc: [*x, *x]\n")
    assert root.get("b") is root.get("a")
    assert lines(root.get("b")) == (1, 3)
    assert lines(root.get("c")) == (5, 5)
    redefined = mapping("a: &n 1\nb: *n\nc: &n 2\nd: *n\n")
    assert [scalar(value).value for value in redefined.values.values()] == ["1", "1", "2", "2"]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    text = "a: |\n  one\n  two\nb: c\n"
    assert read_yaml(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == read_yaml(text.encode())


def test_lines_are_counted_as_git_counts_them_not_as_yaml_does() -> None:
    root = mapping("a: 'x\u2028y\u2029z'\nb: 1\x85c: 2\rd: 3\r\ne: |\n  f\u2028  g\n\nh: i\n")
    assert {key: lines(value) for key, value in root.values.items()} == {
        "a": (1, 1),
        "b": (2, 2),
        "c": (2, 2),
        "d": (2, 2),
        "e": (3, 4),
        "h": (6, 6),
    }


def test_standard_tags_and_one_document_with_its_marks_are_fine() -> None:
    root = mapping("%YAML 1.1\n---\na: !!str 1\nb: !!map {c: !!int 2}\n...\n")
    assert scalar(root.get("a")).value == "1"


REFUSED = {
    "a key written twice": (b"a: 1\nb: 2\n'a': 3\n", 3, "the key 'a' is written twice, first on line 1"),
    "a merge key": (b"x: &x {a: 1}\ny:\n  <<: *x\n", 3, "the merge key << is not supported by GitHub; write the keys out"),
    "a tab": (b"a:\n\t- b\n", 2, "a tab indents this line; YAML is indented with spaces only"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "a second YAML document begins here; a file holds one"),
    "a tag of one's own": (b"a: !sh x\n", 1, "the tag '!sh' is not one that GitHub reads; remove it"),
    "a tag on a list": (b"a:\n  !sh [x]\n", 2, "the tag '!sh' is not one that GitHub reads; remove it"),
    "not UTF-8": (b"\xef\xbb\xbfa: 1\nb: caf\xe9\n", 2, "byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("a: b".encode("utf-16"), 1, "byte 0xff is not UTF-8; save the file as UTF-8"),
    "a NUL": (b"a: 1\nb: \0\n", 2, "the file holds a NUL byte; remove it"),
    "a control character": ("é: é\nb: \x07\n".encode(), 2, "the character U+0007 is not allowed in YAML; remove it"),
    "nothing": (b"", 1, "the file is empty"),
    "only comments": (b"# later\n", 1, "the file is empty"),
    "an unclosed list": (b"a: [1,\nb", 2, "this is not YAML: did not find expected ',' or ']' while parsing a flow sequence"),
    "an unknown alias": (b"a: *b\n", 1, "the alias '*b' names an anchor that does not stand before it"),
    "an endless alias": (b"a: &a\n  - *a\n", 2, "the alias '*a' stands inside the very thing it names"),
    "a list as a key": (b"a: 1\n? [x]\n: y\n", 2, "a key has to be a single value; here a list or mapping stands as one"),
    "an alias of a list as a key": (b"a: &a [x]\n*a : y\n", 2, "a key has to be a single value; here a list or mapping stands as one"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_github_refuses_is_refused_with_line_and_reason(content: bytes, line: int, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_yaml(content)
    assert (refused.value.reason, refused.value.line) == (reason, line)


def test_keys_that_differ_in_case_are_one_key_where_github_says_so() -> None:
    assert set(mapping("path: 1\nPATH: 2\n").values) == {"path", "PATH"}
    with pytest.raises(UnreadableError, match="the key 'PATH' is written twice, first on line 1"):
        read_yaml(b"path: 1\nPATH: 2\n", ignore_case=True)


def laughs(levels: int) -> bytes:
    """10 to the power of `levels` laughs, should anybody count them."""
    rows = [b"a0: &a0 [" + b"ha," * 10 + b"]"]
    rows += [b"a%d: &a%d [" % (n, n) + b"*a%d," % (n - 1) * 10 + b"]" for n in range(1, levels)]
    return b"\n".join(rows)


BOMBS = {
    "10 MB": (b"a: " + b"x" * 10_000_000, "the file has 10,000,003 bytes and the limit is 1,048,576; split it"),
    "a billion laughs": (laughs(9), "the file has more than 50,000 parts, aliases followed; GitHub reads no more"),
    "100,000 brackets": (b"[" * 100_000, "lists and mappings are nested more than 50 deep; GitHub reads no deeper"),
    "100,000 braces": (b"{a: " * 100_000, "lists and mappings are nested more than 50 deep; GitHub reads no deeper"),
    "100,000 dashes": (b"- " * 100_000, "lists and mappings are nested more than 50 deep; GitHub reads no deeper"),
    "a staircase": (
        b"\n".join(b" " * n + b"a:" for n in range(1400)),
        "lists and mappings are nested more than 50 deep; GitHub reads no deeper",
    ),
    "a tower of aliases": (
        b"\n".join([b"a0: &a0 [x]"] + [b"a%d: &a%d [*a%d]" % (n, n, n - 1) for n in range(1, 60)]),
        "lists and mappings are nested more than 50 deep; GitHub reads no deeper",
    ),
    "a long text again and again": (
        b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 100 + b"]",
        "the file has more than 5,242,880 characters, aliases followed; GitHub reads no more",
    ),
    "half a million commas": (b"[" + b"a," * 500_000 + b"]", "the file has more than 50,000 parts"),
}


@pytest.mark.parametrize(("content", "reason"), BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_before_they_cost_anything(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_yaml(content)
    assert refused.value.reason.startswith(reason)


def test_what_stands_just_within_the_limits_is_read() -> None:
    assert read_yaml(b"a: " + b"x" * (MAX_BYTES - 3)).line == 1
    assert isinstance(read_yaml(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH), YamlSequence)
    many = read_yaml(b"- a\n" * (MAX_NODES - 2))
    assert isinstance(many, YamlSequence)
    assert len(many.items) == MAX_NODES - 2


def test_a_hostile_word_is_shown_short_on_one_line_with_nothing_hidden() -> None:
    assert quoted("a\n\x1b[31m\u202eb") == "'a\\u000a\\u001b[31m\\u202eb'"
    assert len(quoted("x" * 5000)) == 62
    with pytest.raises(UnreadableError) as refused:
        read_yaml(b'"%s": 1\n"%s": 2' % (b"k\\n" * 300, b"k\\n" * 300))
    assert len(refused.value.reason) < 500
    assert refused.value.reason.isprintable()


def test_what_is_wrong_at_the_end_of_a_file_is_on_its_last_line() -> None:
    """libyaml puts a value that is not written on the line after the last one, where a file ends without a line break."""
    read = read_yaml(b"jobs:\n  ? build")
    assert isinstance(read, YamlMapping)
    jobs = read.values["jobs"]
    assert isinstance(jobs, YamlMapping)
    assert jobs.values["build"].line == 2
