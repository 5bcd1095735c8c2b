"""The stand-in's pages: what a person sees, the buttons, and that nothing hostile comes alive on them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.rendering.markdown import inline_code, markdown_text
from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.pages.github_markdown import render_markdown
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

HOSTILE = "<script>alert(1)</script>"
WORKFLOW = ".github/workflows/release.yml"


@dataclass(frozen=True, slots=True)
class PagesScenario:
    """A check run on acme/widgets, and somebody who looks."""

    github: FakeGitHub
    widgets: ScenarioRepository
    run: int
    client: httpx.Client

    def get(self, path: str) -> str:
        answer = self.client.get(f"{self.github.page_url}{path}")
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def scene() -> Iterator[PagesScenario]:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        widgets = acme.repository("widgets", {WORKFLOW: f"on: push\nname: {HOSTILE}\njobs: {{}}\n"})
        installation = github.install(acme)
        note = {
            "path": WORKFLOW, "start_line": 2, "end_line": 2, "annotation_level": "failure",
            "message": f"look at {HOSTILE}", "raw_details": "name: better",
        }  # fmt: skip
        output = {
            "title": f"One finding {HOSTILE}",
            "summary": f"**bold**\n\n| a | b |\n|---|---|\n| 1 | {HOSTILE} |",
            "annotations": [note],
        }
        button = {"label": "Re-check", "description": "Look again", "identifier": "recheck"}
        check: dict[str, Any] = {
            "name": "publishing",
            "head_sha": widgets.head,
            "conclusion": "failure",
            "actions": [button],
        }
        with api_callers.installation_client(github, installation) as client:
            made = client.post("/repos/acme/widgets/check-runs", json=check | {"output": output}).json()
            yield PagesScenario(github, widgets, made["id"], client)


def test_the_first_page_lists_repositories_with_their_checks(scene: PagesScenario) -> None:
    page = scene.get("/")
    assert "acme/widgets" in page
    assert f"/acme/widgets/runs/{scene.run}" in page


def test_a_check_run_shows_its_notes_beside_the_lines(scene: PagesScenario) -> None:
    page = scene.get(f"/acme/widgets/runs/{scene.run}")
    assert "<strong>bold</strong>" in page
    assert "<table>" in page
    lines = re.findall(r'<tr class="(marked)?"><td class="number">(\d+)</td>', page)
    assert lines == [("", "1"), ("marked", "2"), ("", "3")]
    assert page.index("look at") > page.index('<td class="number">2</td>')
    assert "name: better" in page


@pytest.mark.parametrize(
    "path",
    ["/", "/acme", "/acme/widgets", "/acme/widgets/runs/{run}", "/acme/widgets/commit/main", "/acme/widgets/blob/main/" + WORKFLOW,
     "/acme/widgets/issues", "/acme/widgets/issues/1", "/acme/widgets/pulls", "/acme/widgets/pull/2", "/deliveries", "/apps/wharfinger"],
)  # fmt: skip
def test_nothing_hostile_comes_alive(scene: PagesScenario, path: str) -> None:
    issue = scene.widgets.open_issue(HOSTILE, f"{HOSTILE}\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)>")
    scene.widgets.comment(issue.number, HOSTILE)
    scene.widgets.pull_request({"b": HOSTILE}, HOSTILE, body=HOSTILE)
    page = scene.get(path.format(run=scene.run))
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_the_buttons_of_a_check_run_tell_the_app(scene: PagesScenario) -> None:
    address = f"{scene.github.page_url}/acme/widgets/runs/{scene.run}"
    for button in ("press/recheck", "rerequest"):
        assert scene.client.post(f"{address}/{button}").status_code == 303
    assert [each.action for each in scene.github.deliveries][-2:] == ["requested_action", "rerequested"]
    assert scene.client.post(f"{address}/press/nothing").status_code == 404


def test_a_delivery_can_be_sent_again(scene: PagesScenario) -> None:
    first = scene.github.deliveries[0]
    assert first.guid in scene.get(f"/deliveries/{first.id}")
    assert scene.client.post(f"{scene.github.page_url}/deliveries/{first.id}/attempts").status_code == 303
    again = scene.github.deliveries[-1]
    assert (again.guid, again.redelivery) == (first.guid, True)


MANIFEST = {
    "name": "Our App", "url": "https://app.example", "hook_attributes": {"url": "https://app.example/webhook"},
    "redirect_url": "https://app.example/setup", "default_permissions": {"checks": "write", "contents": "read"},
    "default_events": ["push", "check_run"],
}  # fmt: skip


def test_an_app_comes_from_a_manifest_and_is_installed(scene: PagesScenario) -> None:
    web = scene.github.page_url
    asked = scene.client.post(
        f"{web}/organizations/acme/settings/apps/new?state=s1", data={"manifest": json.dumps(MANIFEST)}
    )
    assert "Create GitHub App for acme" in asked.text
    form = {"manifest": json.dumps(MANIFEST), "state": "s1", "owner": "acme", "name": "Our App"}
    sent = scene.client.post(f"{web}/apps/create", data=form)
    back = httpx.URL(sent.headers["location"])
    assert (back.host, back.params["state"]) == ("app.example", "s1")
    with api_callers.api_client(scene.github, None) as anyone:
        path = f"/app-manifests/{back.params['code']}/conversions"
        made = anyone.post(path).json()
        assert anyone.post(path).status_code == 404
    assert (made["slug"], made["permissions"]) == ("our-app", MANIFEST["default_permissions"])
    assert made["pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert scene.client.post(f"{web}/apps/our-app/installations", data={"account": "acme"}).status_code == 303
    assert [each.app.slug for each in scene.github.world.installations.values()] == ["wharfinger", "our-app"]


@pytest.mark.parametrize(
    "wrong", [{"default_events": ["release", "member"]}, {"url": "nowhere"}, {"default_events": ["ping"]}]
)
def test_a_manifest_that_github_would_refuse_is_refused(scene: PagesScenario, wrong: dict[str, Any]) -> None:
    address = f"{scene.github.page_url}/settings/apps/new"
    assert scene.client.post(address, data={"manifest": json.dumps(MANIFEST | wrong)}).status_code == 422


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<code>release.yml</code>", "<p><code>release.yml</code></p>"),
        (f"a {inline_code('<b>x</b> | `y`')}", "<p>a <code>&lt;b&gt;x&lt;/b&gt; | `y`</code></p>"),
        (markdown_text("<script>alert(1)</script>"), "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<details><summary>More</summary>\n\nwords\n\n</details>", "<details><summary>More</summary>\n<p>words</p>\n</details>"),
        ("<!-- a marker -->\n\nwords", "<p>words</p>"),
        ("words <!-- a marker -->", "<p>words </p>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<code onclick=x>y</code>", "<p>&lt;code onclick=x&gt;y</code></p>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("<details open ontoggle=alert(1)>", "&lt;details open ontoggle=alert(1)&gt;"),
        ("<code>&#60;img src=x&#62;</code>", "<p><code>&lt;img src=x&gt;</code></p>"),
        ("<div>\n&#60;img src=x onerror=alert(1)&#62;\n</div>", "&lt;div&gt;\n&#60;img src=x onerror=alert(1)&#62;\n&lt;/div&gt;"),
        ("<b<!-- -->r>", "<p>&lt;br&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ],
)  # fmt: skip
def test_a_few_tags_live_and_the_rest_is_text(written: str, shown: str) -> None:
    assert render_markdown(written).strip() == shown.strip()
