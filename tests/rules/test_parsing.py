"""Raw bytes become names and values, or are refused with a code; nothing else ever happens."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.parsing import MAX_DEPTH, Batch, TooMany, Unreadable, payload_of, split

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XyZ"


def part(headers: str, content: bytes) -> bytes:
    return b"--XyZ\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"


def nested(levels: int) -> bytes:
    """An object with `levels` objects inside each other, itself included."""
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("content_type", "body", "payload"),
    [
        (JSON, b'{"email":"a@b.example","n":1}', {"email": "a@b.example", "n": 1}),
        ("application/json; charset=utf-8", b' {"a": null} ', {"a": None}),
        ("application/vnd.forms+json", b'{"a":1}', {"a": 1}),
        ("APPLICATION/JSON", '{"a":"ü"}'.encode(), {"a": "ü"}),
        (JSON, b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ("application/json;charset=ISO-8859-1", b'{"a":"\xfc"}', {"a": "ü"}),
        (FORM, b"email=a%40b.example&name=Ada+L", {"email": "a@b.example", "name": "Ada L"}),
        (FORM, b"tag=x&tag=y&tag=", {"tag": ["x", "y", ""]}),
        (FORM, b"a=1&b", {"a": "1", "b": ""}),
        (FORM, b"a=%C3%BC\r\n", {"a": "ü"}),
        (f"{FORM}; charset=windows-1252", b"a=%80", {"a": "€"}),
        (FORM, b'{"email":"a@b.example"}', {"email": "a@b.example"}),
        ("", b'{"a":1}', {"a": 1}),
        ("text/plain", b' \n{"a":1}', {"a": 1}),
        ("", b"a=1", {"a": "1"}),
        ("application/octet-stream", b"a=1&b=2", {"a": "1", "b": "2"}),
    ],
)
def test_a_body_is_read_by_its_content_type_or_its_first_character(
    content_type: str, body: bytes, payload: dict[str, object]
) -> None:
    assert payload_of(content_type, body) == payload


def test_a_form_with_files_keeps_the_name_and_size_of_a_file_but_not_its_content() -> None:
    body = (
        part('Content-Disposition: form-data; name="full näme"', "Jürgen\r\nBär".encode())
        + part('Content-Disposition: form-data; name="tag"', b"x")
        + part(
            'Content-Disposition: form-data; name="tag"\r\nContent-Type: text/plain; charset=latin-1', b"\xfc"
        )
        + part('Content-Disposition: form-data; name="cv"; filename="wäh.pdf"', b"\x00\xff\x01")
        + part("Content-Disposition: form-data", b"without a name")
        + b"--XyZ--\r\n"
    )
    assert payload_of(MULTIPART, body) == {
        "full näme": "Jürgen\r\nBär",
        "tag": ["x", "ü"],
        "cv": {"filename": "wäh.pdf", "bytes": 3},
    }


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (JSON, b"", "not_json"),
        (JSON, b"{", "not_json"),
        (JSON, b"a=1", "not_json"),
        (JSON, b'{"a":NaN}', "not_json"),
        (JSON, b'{"a":[-Infinity]}', "not_json"),
        (JSON, b'{"a":{"b":1e999}}', "not_json"),
        (JSON, b'{"a":' + b"9" * 5000 + b"}", "not_json"),
        (JSON, b'{"a":"\xff"}', "not_text"),
        (JSON, '{"a":1}'.encode("utf-16"), "not_text"),
        (JSON, b"[1]", "not_an_object"),
        (JSON, b'"text"', "not_an_object"),
        (JSON, b"null", "not_an_object"),
        (JSON, b"{}", "empty_payload"),
        (JSON, nested(MAX_DEPTH + 1), "too_deep"),
        (JSON, b"[" * 100_000, "too_deep"),
        (FORM, b"", "empty_payload"),
        (FORM, b"a=%FF", "not_text"),
        (FORM, b"\xff=1", "not_text"),
        (FORM, b"&".join([b"a=1"] * 1001), "too_many_fields"),
        ("", b"hello", "unknown_format"),
        ("image/png", b"\x89PNG", "not_text"),
        ("multipart/form-data", b"--XyZ\r\n\r\n", "not_multipart"),
        (MULTIPART, b"no boundary here", "not_multipart"),
        (MULTIPART, b"--XyZ\r\n\r\nunnamed\r\n--XyZ--\r\n", "empty_payload"),
        (MULTIPART, part('Content-Disposition: form-data; name="a"', b"\xff") + b"--XyZ--", "not_text"),
        (
            MULTIPART,
            part('Content-Disposition: form-data; name="a"', b"") * 1001 + b"--XyZ--",
            "too_many_fields",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(content_type: str, body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        payload_of(content_type, body)
    assert refusal.value.code == code


def test_json_may_be_nested_to_the_limit() -> None:
    assert payload_of(JSON, nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))


def test_a_refusal_never_repeats_the_content() -> None:
    with pytest.raises(Unreadable) as refusal:
        payload_of(JSON, b'{"email": secret@person.example}')
    assert "secret" not in str(refusal.value) + refusal.value.words
    assert refusal.value.__cause__ is None


@given(content_type=st.sampled_from([JSON, FORM, MULTIPART, "", "text/xml"]), body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content_type: str, body: bytes) -> None:
    try:
        assert payload_of(content_type, body)
    except Unreadable as refusal:
        assert refusal.code


@pytest.mark.parametrize(
    ("content_type", "body", "batch"),
    [
        (JSON, b'[{"a": 1}, {"b": "\\u00fc"}]', Batch((b'{"a":1}', '{"b":"ü"}'.encode()), JSON, True)),
        ("", b' [1, "x", null]', Batch((b"1", b'"x"', b"null"), JSON, True)),
        (JSON, b'[{"a":"\\ud800"}]', Batch((b'{"a":"\\ud800"}',), JSON, True)),
        (JSON, b' {"a": 1}', Batch((b' {"a": 1}',), JSON, False)),
        (JSON, b"[1,", Batch((b"[1,",), JSON, False)),
        (JSON, b"[NaN]", Batch((b"[NaN]",), JSON, False)),
        (JSON, b"\xff", Batch((b"\xff",), JSON, False)),
        (FORM, b"a=1&a=2", Batch((b"a=1&a=2",), FORM, False)),
        (MULTIPART, b"[whatever]", Batch((b"[whatever]",), MULTIPART, False)),
    ],
)
def test_an_array_becomes_its_elements_and_anything_else_stays_one_item(
    content_type: str, body: bytes, batch: Batch
) -> None:
    assert split(content_type, body) == batch


@pytest.mark.parametrize("body", [b"", b" \r\n", b"[]", b" [ ] ", b"\xef\xbb\xbf"])
def test_a_body_without_a_submission_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        split(JSON, body)
    assert refusal.value.code == "empty_payload"


@pytest.mark.parametrize(("count", "fits"), [(999, True), (1000, True), (1001, False)])
def test_an_array_brings_a_thousand_items_at_the_most(count: int, fits: bool) -> None:
    body = json.dumps([{"n": n} for n in range(count)]).encode()
    if fits:
        assert len(split(JSON, body).items) == count
    else:
        with pytest.raises(TooMany) as refusal:
            split(JSON, body)
        assert refusal.value.count == count


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), min_size=1, max_size=5
    )
)
def test_the_elements_of_an_array_mean_what_they_meant_in_it(elements: list[dict[str, object]]) -> None:
    batch = split(JSON, json.dumps(elements).encode())
    assert [json.loads(item) for item in batch.items] == elements


@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; name*",
        b"form-data; name*0*=\x00''x",
        b'form-data; name="',
        b"form-data; name*0*=utf-8",
        b";",
        b"=",
    ],
)
def test_a_form_whose_headers_nobody_would_write_is_read_or_refused(disposition: bytes) -> None:
    body = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\n1\r\n--b--\r\n"
    with contextlib.suppress(Unreadable):
        payload_of("multipart/form-data; boundary=b", body)
