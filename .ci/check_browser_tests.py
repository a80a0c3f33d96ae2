"""Fail when a browser test was skipped, or when there was none.

Usage: ``check_browser_tests.py JUNIT_XML``

A test of the browser may be skipped on a machine without Chromium; on CI that would hide everything
that a person sees.
"""

from __future__ import annotations

import sys
from xml.etree import ElementTree


def main(report: str) -> int:
    """Print what is wrong with the browser tests in a JUnit report; return 1 if anything is."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    browser = [case for case in cases if "browser" in case.get("classname", "").split(".")]
    if not browser:
        print("no browser test was run")
        return 1
    failures = 0
    for case in cases:
        skip = case.find("skipped")
        if skip is None:
            continue
        reason = skip.get("message") or skip.text or ""
        if case in browser or "chromium" in reason.lower():
            failures += 1
            print(f"skipped: {case.get('classname')}.{case.get('name')}: {reason}")
    print(f"{len(browser)} browser tests, {failures} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
