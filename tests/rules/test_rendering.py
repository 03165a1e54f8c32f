"""Templates are filled in, never run; values are shown, never obeyed."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules import rendering
from crm_db.rules.rendering import FIELDS, Template, TemplateError, check, render


def text_of(body: str, **values: str) -> str:
    return render(Template("s", body), values).text


def html_of(body: str, **values: str) -> str:
    page = render(Template("s", body), values).html
    return page.partition("<body>\n")[2].partition("\n</body>")[0]


def subject_of(subject: str, **values: str) -> str:
    return render(Template(subject, "b"), values).subject


@pytest.mark.parametrize(
    ("body", "values", "text"),
    [
        ("Hi {{ first_name }}!", {"first_name": "Anna"}, "Hi Anna!"),
        ("Hi {{first_name}}{{last_name}}!", {"first_name": "Anna", "last_name": "Berg"}, "Hi AnnaBerg!"),
        ("Hi {{ first_name | there }}!", {}, "Hi there!"),
        ("Hi {{ first_name | there }}!", {"first_name": " \x00"}, "Hi there!"),
        ("Hi {{ first_name | dear friend }}!", {"first_name": "Anna"}, "Hi Anna!"),
        ("Hi {{ first_name }}!", {}, "Hi !"),
        ("Hi {{ first_name |}}!", {}, "Hi !"),
        ("{ {first_name} }", {"first_name": "Anna"}, "{ {first_name} }"),
        ("{{ reasons }}", {"reasons": "one\ntwo"}, "one\ntwo"),
        ("{{ company }}", {"company": "one\r\n\r\ntwo"}, "one two"),
        ("{{ company }}", {"company": "{{ email }}", "email": "a@example.org"}, "{{ email }}"),
        ("{{ company | x }}", {"company": "{{ company | x }}"}, "{{ company | x }}"),
    ],
)
def test_fields_are_filled_in_once(body: str, values: dict[str, str], text: str) -> None:
    assert text_of(body, **values) == text


def test_values_that_are_not_on_the_list_cannot_be_named() -> None:
    with pytest.raises(TemplateError) as refused:
        render(Template("{{ password }}", "{{ org_id }}"), {"password": "x", "org_id": "y"})
    assert refused.value.problems == (
        "The subject names a field that is not known: 'password'.",
        "The body names a field that is not known: 'org_id'.",
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ 7*7 }}",
        "{{ first_name.__class__ }}",
        "{{ first_name|upper() }} {{ ''.__class__.__mro__ }}",
        "{{ config }}",
        "{{ FIRST_NAME }}",
        "{{ }}",
        "{{}}",
        "{{ first_name",
        "first_name }}",
        "{{ {{ first_name }} }}",
        "{{{ first_name }}}",
        "{% for x in range(10) %}x{% endfor %}",
        "{# hidden #}",
        "{{ first_name | a {{ last_name }} }}",
        "{{ first_name \n evil }}",
        "x" * 16_001,
    ],
)
def test_a_template_that_says_more_than_known_fields_is_refused(body: str) -> None:
    with pytest.raises(TemplateError):
        check(Template("s", body))
    with pytest.raises(TemplateError):
        render(Template("s", body), {})


def test_every_field_on_the_list_can_be_used_and_has_a_meaning() -> None:
    for field, meaning in FIELDS.items():
        assert text_of(f"{{{{ {field} }}}}", **{field: "x"}) == "x"
        assert meaning


HEADER_ATTACKS = [
    "x\r\nBcc: evil@x.test",
    "x\nBcc: evil@x.test",
    "x\rBcc: evil@x.test",
    "x\x0bBcc: evil@x.test",
    "x\x0cBcc: evil@x.test",
    "x\x1cBcc: evil@x.test",
    "x\x85Bcc: evil@x.test",
    "x\u2028Bcc: evil@x.test",
    "x\u2029Bcc: evil@x.test",
    "x\x00\nBcc: evil@x.test",
    "=?utf-8?q?x=0ABcc:_evil@x.test?=",
    "=?utf-8?q?x=0D=0ABcc:_evil@x.test?=",
    "=?UTF-8?B?eApCY2M6IGV2aWxAeC50ZXN0?=",
    "=\x00?utf-8?q?x=0ABcc:_evil@x.test?=",
    "=\u200b?utf-8?q?x=0ABcc:_evil@x.test?=",
    "==??utf-8?q?x=0ABcc:_evil@x.test?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=0ABcc:_evil@x.test=3F=3D?=",
    "=?us-ascii?q?x=0ABcc:_evil@x.test?= =?us-ascii?q?=0ACc:_evil@x.test?=",
    "x" * 190 + "\r\nBcc: evil@x.test",
]


@pytest.mark.parametrize("attack", HEADER_ATTACKS)
def test_a_value_in_the_subject_never_becomes_a_header_on_the_wire(attack: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject_of(
        "Welcome {{ first_name }} of {{ company }}", first_name=attack, company=attack
    )
    message.set_content("b")
    received = message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert "\n" not in str(message["Subject"])
    assert {name.lower() for name in received} <= {
        "subject",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }


def test_an_encoded_word_put_together_from_two_values_is_broken_up() -> None:
    assert (
        subject_of("{{ first_name }}{{ company }}", first_name="=", company="?utf-8?q?x?=")
        == "= ?utf-8?q?x?="
    )


def test_a_subject_is_one_short_line() -> None:
    assert subject_of("A\n{{ company }}\tB", company="x\n\ny") == "A x y B"
    assert len(subject_of("{{ company }}", company="=?" * 1000)) <= 200


@pytest.mark.parametrize(
    ("body", "values", "expected"),
    [
        ("a\nb\n\nc", {}, "<p>a<br>\nb</p>\n<p>c</p>"),
        ("a\r\n\r\nb", {}, "<p>a</p>\n<p>b</p>"),
        ("1 < 2 & {{ company }}", {"company": "<b>\"'&"}, "<p>1 &lt; 2 &amp; &lt;b&gt;&quot;&#x27;&amp;</p>"),
        (
            "See https://example.org/a?b=1&c=2.",
            {},
            '<p>See <a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>.</p>',
        ),
        (
            "{{ lead_url }}",
            {"lead_url": "http://127.0.0.1:8000/leads/1"},
            '<p><a href="http://127.0.0.1:8000/leads/1">http://127.0.0.1:8000/leads/1</a></p>',
        ),
        ("{{ company }}", {"company": "http://evil.test"}, "<p>http://evil.test</p>"),
        ("{{ lead_url }}", {"lead_url": "javascript:alert(1)"}, "<p>javascript:alert(1)</p>"),
        (
            "{{ lead_url }}",
            {"lead_url": 'http://x"onclick=1'},
            '<p><a href="http://x">http://x</a>&quot;onclick=1</p>',
        ),
        ("{{ reasons }}", {"reasons": "a\nb"}, "<p>a<br>\nb</p>"),
    ],
)
def test_html_is_the_escaped_text_with_links_only_where_we_wrote_them(
    body: str, values: dict[str, str], expected: str
) -> None:
    assert html_of(body, **values) == expected


@pytest.mark.parametrize(
    "value", ["&" * 9_999, "'" * 9_999, "\U0001f600" * 9_999, "http://a " * 999, "a\n\n" * 3_000]
)
@pytest.mark.parametrize("field", ["company", "lead_url", "reasons"])
def test_no_value_makes_a_message_larger_than_256_kilobytes(field: str, value: str) -> None:
    rendered = render(Template("s", f"{{{{{field}}}}}" * 1_000), {field: value})
    assert len(rendered.text.encode()) <= 256 * 1024
    assert len(rendered.html.encode()) <= 256 * 1024


@pytest.mark.parametrize("unit", ["http://a ", "&", "'\n\n", "http://'"])
def test_no_template_makes_a_message_larger_than_256_kilobytes(unit: str) -> None:
    rendered = render(Template("s", (unit * 16_000)[:16_000]), {})
    assert len(rendered.html.encode()) <= 256 * 1024


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text() | st.sampled_from(HEADER_ATTACKS)))
def test_whatever_the_values_the_subject_is_one_line_and_the_html_has_only_our_tags(
    values: dict[str, str],
) -> None:
    places = " ".join(f"{{{{ {field} | x }}}}" for field in FIELDS if field != "lead_url")
    rendered = render(Template(places, places), values)
    assert len(rendered.subject.splitlines()) <= 1
    assert "=?" not in rendered.subject
    body = rendered.html.partition("<body>\n")[2].partition("\n</body>")[0]
    for tag in ("<p>", "</p>", "<br>"):
        body = body.replace(tag, "")
    assert "<" not in body
    rendered.html.encode("utf-8")


def test_what_a_person_wrote_is_said_as_it_stands_and_made_safe() -> None:
    said = rendering.written(
        "Re: {{ name }}\nBcc: x", "Hello {{ name }},\r\n<b>see</b> https://example.com/a.\n\nAda\x00"
    )
    assert said.subject == "Re: {{ name }} Bcc: x"
    assert said.text == "Hello {{ name }},\n<b>see</b> https://example.com/a.\n\nAda"
    assert "&lt;b&gt;see&lt;/b&gt;" in said.html
    assert '<a href="https://example.com/a">' in said.html


def test_what_a_person_wrote_has_an_end() -> None:
    assert len(rendering.written("x" * 300, "y" * 30_000).text) == rendering.MAX_TEXT_CHARS
