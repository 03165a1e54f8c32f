"""crm sources: who may post leads."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli import output

FORMATS = "auto, json, form, google-ads, meta, typeform, webflow, jotform or hubspot"

commands = typer.Typer(help="Sources: the systems that may post leads.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
TokenFrom = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Environment variable with the token that opens the sender's API (meta)."
    ),
]
Name = Annotated[str, typer.Argument(help="Name of the source, as in its address.")]
Mapping = Annotated[str | None, typer.Option(help="JSON object: lead field to path in the post.")]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin", help="Where a browser form may stand, such as https://www.example.com; repeatable."
    ),
]
ThankYou = Annotated[
    str | None, typer.Option("--thank-you", help="Address that a browser goes to after the form.")
]
Honeypot = Annotated[
    str | None, typer.Option(help="Form field that people never see; filled in, the post is set aside.")
]
Region = Annotated[str | None, typer.Option(help="Country (ISO-2) of telephone numbers without a prefix.")]
Rate = Annotated[
    int | None, typer.Option("--rate-per-minute", min=1, help="Most posts a minute and API process.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="sources", rich_help_panel="Data")


@commands.command()
def add(
    name: Name,
    form: Annotated[str, typer.Option("--format", help=f"Whose posts: {FORMATS}.")] = "auto",
    secret: Annotated[str | None, typer.Option(help="Secret of its signatures; made when not given.")] = None,
    region: Region = None,
    mapping: Mapping = None,
    honeypot: Honeypot = None,
    rate: Rate = None,
    origin: Origins = None,
    thank_you: ThankYou = None,
    access_token_env: TokenFrom = None,
    as_json: AsJson = False,
) -> None:
    """Let a system post leads; its secret, API key and address are shown this once.

    Examples:  crm sources add website --format form --origin https://www.example.com  ·
    crm sources add ads --format google-ads  ·  crm sources add fair --region DE --json  ·
    crm sources add page --format meta --secret APP_SECRET --access-token-env PAGE_TOKEN
    """
    from crm_db.actions import sources  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415
    from deployments.secret_files import read_json  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    paths, token = _mapping(mapping), _from_environment(access_token_env)
    with acting() as (session, identity):
        made = sources.add(
            session,
            identity,
            name,
            format=form,
            secret=secret,
            region=region,
            mapping=paths,
            honeypot=honeypot,
            rate_per_minute=rate,
            allowed_origins=origin or (),
            thank_you_url=thank_you,
            access_token=token,
        )
    settings = load_settings()
    address = os.environ.get("CRM_PUBLIC_URL") or read_json(settings.home / "credentials.json")["api_url"]
    facts = made.proofs(form, f"{address.rstrip('/')}/api/crm/capture")
    if as_json:
        output.print_json(facts)
        return
    output.print_table(f"Source {name}", ("what", "value"), list(facts.items()))
    if made.form_token is not None:
        output.say("\n" + _snippet(facts["form_url"], honeypot))


@commands.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List the sources.

    Example:  crm sources list
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.queries import sources  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        found = sources.every(session, org_of(identity))
    if as_json:
        output.print_json([asdict(source) for source in found])
        return
    rows = [
        (row.name, row.format, row.region, "yes" if row.active else "no", row.created_at) for row in found
    ]
    output.print_table(f"Sources ({len(rows)})", ("name", "format", "region", "active", "made"), rows)


@commands.command()
def show(name: Name) -> None:
    """Print one source as JSON; its proofs cannot be read back.

    Example:  crm sources show website
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.errors import RecordNotFound  # noqa: PLC0415
    from crm_db.queries import sources  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        found = [source for source in sources.every(session, org_of(identity)) if source.name == name]
    if not found:
        raise RecordNotFound("source", name)
    output.print_json(asdict(found[0]))


@commands.command()
def change(
    name: Name,
    form: Annotated[str | None, typer.Option("--format", help=f"Whose posts: {FORMATS}.")] = None,
    region: Region = None,
    mapping: Mapping = None,
    honeypot: Honeypot = None,
    rate: Rate = None,
    origin: Origins = None,
    thank_you: ThankYou = None,
    secret: Annotated[str | None, typer.Option(help="Another secret of its signatures.")] = None,
    access_token_env: TokenFrom = None,
) -> None:
    """Change how a source's posts are read and proven; what is not named stays, an empty value takes one away.

    Examples:  crm sources change website --mapping '{"email": "person.mail"}'  ·  crm sources change website --region ''
    """
    from crm_db.actions import sources  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    given = {
        "format": form,
        "region": region,
        "mapping": _mapping(mapping),
        "honeypot": honeypot,
        "rate_per_minute": rate,
        "allowed_origins": None if origin is None else [one for one in origin if one],
        "thank_you_url": thank_you,
        "secret": secret,
        "access_token": _from_environment(access_token_env),
    }
    values = {what: value if value != "" else None for what, value in given.items() if value is not None}
    with acting() as (session, identity):
        sources.change(session, identity, name, **values)
    output.say(f"Source {name} is changed ({', '.join(values)}); dead letters of it can be replayed.")


@commands.command("test")
def try_out(
    name: Name,
    file: Annotated[
        str, typer.Argument(help="File with a post as it would arrive; - is the standard input.")
    ],
    content_type: Annotated[
        str, typer.Option("--content-type", help="How the post is called; else the file's beginning tells.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a post would become, and write nothing: its lead, whom it would merge into, or why it would be dead.

    Examples:  crm sources test website lead.json  ·
    crm sources test jot post.bin --content-type 'multipart/form-data; boundary=x' --json
    """
    from crm_db.clock import utc_now  # noqa: PLC0415
    from crm_db.errors import RecordNotFound  # noqa: PLC0415
    from crm_db.queries import previews, sources  # noqa: PLC0415
    from crm_db.rules.parsing import TooMany, Unreadable  # noqa: PLC0415
    from deployments.cli import previewing  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    body = _content(file)
    try:
        with acting() as (session, identity):
            source = sources.named(session, org_of(identity), name)
            if source is None:
                raise RecordNotFound("source", name)
            found = previews.previews(session, org_of(identity), source, content_type, body, now=utc_now())
    except (Unreadable, TooMany) as problem:
        raise typer.BadParameter(f"it would be refused: {problem}") from None
    if as_json:
        output.print_json([previewing.facts_of(preview, name) for preview in found])
        return
    for number, preview in enumerate(found, 1):
        previewing.tell(preview, number, name)


@commands.command()
def remove(name: Name) -> None:
    """Stop taking leads from a source and revoke its keys; what it sent stays.

    Example:  crm sources remove website
    """
    from crm_db.actions import sources  # noqa: PLC0415
    from crm_db.clock import utc_now  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, identity):
        sources.remove(session, identity, name, now=utc_now())
    output.say(f"Source {name} is closed.")


def _mapping(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise typer.BadParameter("--mapping is a JSON object of lead field to path")
    return {str(field): str(path) for field, path in value.items()}


def _snippet(form_url: str, honeypot: str | None) -> str:
    """A form to start from, with the field that people never see."""
    from crm_db.rules.mapping import HONEYPOT  # noqa: PLC0415

    trap = honeypot or HONEYPOT
    return f"""<form method="post" action="{form_url}">
  <label>Name <input name="name" autocomplete="name"></label>
  <label>E-mail <input name="email" type="email" autocomplete="email" required></label>
  <label>Telephone <input name="phone" type="tel" autocomplete="tel"></label>
  <label>Message <textarea name="message"></textarea></label>
  <input name="{trap}" tabindex="-1" autocomplete="off" aria-hidden="true" style="position:absolute;left:-9999px">
  <button>Send</button>
</form>"""


def _from_environment(name: str | None) -> str | None:
    """A token never stands on a command line, where other processes and the shell's history see it."""
    if name is None:
        return None
    token = os.environ.get(name, "").strip()
    if not token:
        raise typer.BadParameter(f"the environment variable {name} holds no token")
    return token


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None
