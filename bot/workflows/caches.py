"""Which actions restore a cache, and when: facts with their source. Dated 2026-11."""

from dataclasses import dataclass

OFF = frozenset({"", "false"})


@dataclass(frozen=True, slots=True)
class CacheFact:
    """One way in which an action comes to restore a cache."""

    action: str  # in lower case
    source: str
    input: str | None = None  # that decides; None: it always restores
    by_default: bool = True  # what happens when the input is not written
    off: frozenset[str] = OFF  # values of the input that switch the cache off
    inverted: bool = False  # the values in `off` switch it on instead: the input says "no cache"
    since: int | None = None  # the default holds from this major version
    before: int | None = None  # and below this one
    hosted: bool = False  # the default holds on GitHub's own runners alone
    depends: str = ""  # what else the default depends on, and the workflow does not show


def _off_unless(action: str, name: str, source: str) -> CacheFact:
    return CacheFact(action, source, name, by_default=False)


def _on_unless(action: str, name: str, source: str, *, since: int | None = None, depends: str = "") -> CacheFact:
    return CacheFact(action, source, name, since=since, depends=depends)


def _unless_told(action: str, name: str, source: str) -> CacheFact:
    """Make a fact of an input that switches the cache off: `cache-disabled: true`, `lookup-only: true`."""
    return CacheFact(action, source, name, inverted=True)


_LIST = (
    _unless_told("actions/cache", "lookup-only", "github.com/actions/cache/blob/main/action.yml"),
    _unless_told("actions/cache/restore", "lookup-only", "github.com/actions/cache/blob/main/restore/action.yml"),
    _off_unless("actions/setup-node", "cache", "github.com/actions/setup-node/blob/main/action.yml"),
    _on_unless(
        "actions/setup-node", "package-manager-cache", "github.com/actions/setup-node/releases/tag/v5.0.0",
        since=5, depends="where package.json names npm as its package manager",
    ),
    _off_unless("actions/setup-python", "cache", "github.com/actions/setup-python/blob/main/action.yml"),
    _off_unless("actions/setup-java", "cache", "github.com/actions/setup-java/blob/main/action.yml"),
    _off_unless("actions/setup-dotnet", "cache", "github.com/actions/setup-dotnet/blob/main/action.yml"),
    _on_unless("actions/setup-go", "cache", "github.com/actions/setup-go/blob/main/action.yml", since=4),
    CacheFact(
        "astral-sh/setup-uv", "github.com/astral-sh/setup-uv/blob/main/action.yml", "enable-cache",
        before=10, hosted=True,
    ),
    _off_unless("ruby/setup-ruby", "bundler-cache", "github.com/ruby/setup-ruby/blob/master/action.yml"),
    _off_unless("graalvm/setup-graalvm", "cache", "github.com/graalvm/setup-graalvm/blob/main/action.yml"),
    _off_unless("pyo3/maturin-action", "sccache", "github.com/PyO3/maturin-action/blob/main/action.yml"),
    _off_unless("denoland/setup-deno", "cache", "github.com/denoland/setup-deno/blob/main/action.yml"),
    _off_unless("pdm-project/setup-pdm", "cache", "github.com/pdm-project/setup-pdm/blob/main/action.yml"),
    _off_unless("subosito/flutter-action", "cache", "github.com/subosito/flutter-action/blob/main/action.yaml"),
    _on_unless("mlugg/setup-zig", "use-cache", "github.com/mlugg/setup-zig/blob/main/action.yml"),
    _on_unless("jdx/mise-action", "cache", "github.com/jdx/mise-action/blob/main/action.yml"),
    _on_unless(
        "actions-rust-lang/setup-rust-toolchain", "cache",
        "github.com/actions-rust-lang/setup-rust-toolchain/blob/main/action.yml",
    ),
    _on_unless(
        "determinatesystems/magic-nix-cache-action", "use-gha-cache",
        "github.com/DeterminateSystems/magic-nix-cache-action/blob/main/action.yml",
    ),
    _unless_told("oven-sh/setup-bun", "no-cache", "github.com/oven-sh/setup-bun/blob/main/action.yml"),
    _unless_told("swatinem/rust-cache", "lookup-only", "github.com/Swatinem/rust-cache/blob/master/action.yml"),
    _unless_told(
        "gradle/actions/setup-gradle", "cache-disabled", "github.com/gradle/actions/blob/main/setup-gradle/action.yml"
    ),
    _unless_told(
        "gradle/gradle-build-action", "cache-disabled", "github.com/gradle/gradle-build-action/blob/main/action.yml"
    ),
    CacheFact(
        "ramsey/composer-install", "github.com/ramsey/composer-install/blob/v3/action.yml", "ignore-cache",
        off=frozenset({"", "false", "no", "0"}), inverted=True,
    ),
    CacheFact("mozilla-actions/sccache-action", "github.com/Mozilla-Actions/sccache-action/blob/main/action.yml"),
    CacheFact("nix-community/cache-nix-action", "github.com/nix-community/cache-nix-action/blob/main/action.yml"),
    CacheFact("awalsh128/cache-apt-pkgs-action", "github.com/awalsh128/cache-apt-pkgs-action/blob/master/action.yml"),
    CacheFact("hendrikmuhs/ccache-action", "github.com/hendrikmuhs/ccache-action/blob/main/action.yml"),
)  # fmt: skip

FACTS: dict[str, tuple[CacheFact, ...]] = {
    action: tuple(fact for fact in _LIST if fact.action == action) for action in dict.fromkeys(f.action for f in _LIST)
}
