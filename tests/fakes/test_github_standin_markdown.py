"""Markdown on the stand-in's pages: what GitHub lets live lives, and nothing else does."""

import pytest

from bot.rendering.markdown import inline_code, markdown_text
from tests.fakes.github.pages.github_markdown import render_markdown


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
