"""The documentation site: built as the page says, complete, and closed in itself."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

import scyfi_widgets as sw

ROOT = Path(__file__).parents[1]
MOST_BYTES = 300_000


class Page(HTMLParser):
    """Collect what a page links to, what it loads, and the places in it."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loads.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site by CONTRIBUTING's command, into another folder."""
    command = re.search(
        r"^python (-m sphinx .*) docs ", (ROOT / "CONTRIBUTING.md").read_text(), re.M
    )
    assert "-W" in command[1].split()
    folder = tmp_path_factory.mktemp("site")
    doctrees = tmp_path_factory.mktemp("doctrees")
    done = subprocess.run(
        [sys.executable, *command[1].split(), "-q", "-d", doctrees, "docs", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip()
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Return every page of the site, parsed, by its path."""
    live = site / "live"
    paths = [path for path in site.rglob("*.html") if live not in path.parents]
    assert len(paths) > 20
    return {path.resolve(): Page(path) for path in paths}


def documented_names(site: Path) -> set[str]:
    with (site / "objects.inv").open("rb") as file:
        for _ in range(4):
            file.readline()
        lines = zlib.decompress(file.read()).decode("utf-8").splitlines()
    return {line.split()[0] for line in lines if line.split()[1].startswith("py:")}


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(site):
    names = {
        f"scyfi_widgets.{name}" for name in sw.__all__ if name not in ("__version__", "systems")
    }
    names |= {f"scyfi_widgets.systems.{name}" for name in sw.systems.__all__}
    assert len(names) > 60
    assert not names - documented_names(site)


@pytest.mark.slow
def test_pages_ask_for_nothing_from_outside(site, pages):
    for path, page in pages.items():
        assert not [load for load in page.loads if urlsplit(load).netloc], path
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", path.read_text("utf-8")), path


@pytest.mark.slow
def test_links_within_the_site_lead_somewhere(pages):
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].places, f"{path.name}: {link}"


@pytest.mark.slow
def test_formulas_need_no_script(site, pages):
    path = (site / "reference" / "models.html").resolve()
    assert "<math" in path.read_text("utf-8")
    assert not [load for load in pages[path].loads if "math" in load.lower()]


@pytest.mark.slow
def test_every_notebook_is_a_page(site):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (site / "notebooks" / f"{path.stem}.html").is_file()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "images").rglob("*.png")), ids=lambda p: p.name
)
def test_pictures_are_small(path):
    assert path.stat().st_size < MOST_BYTES


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == sw.__version__
    assert f"## [{sw.__version__}] - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_citation_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # what the format asks
    [paper] = citation["references"]
    assert [person["family-names"] for person in paper["authors"]] == [
        "Eisenmann",
        "Monfared",
        "Göring",
        "Durstewitz",
    ]
