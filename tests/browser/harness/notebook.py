"""One notebook, open in JupyterLab in a browser page, with its kernel."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from .server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LIGHT = "JupyterLab Light"
DARK = "JupyterLab Dark"

_numbers = itertools.count(1)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")

# Everything that JavaScript needs to find again, under one name in the page.
_SETUP = """
async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await new Promise(resolve => {
    const look = () => {
      const current = app.shell.currentWidget;
      if (current && current.sessionContext) resolve(current);
      else requestAnimationFrame(look);
    };
    look();
  });
  await panel.context.ready;
  await panel.sessionContext.ready;
  const scyfi = window.scyfi = {app, panel};
  Object.defineProperty(scyfi, 'kernel', {get: () => panel.sessionContext.session.kernel});
  await scyfi.kernel.info;
  // ipywidgets keeps its manager to itself; a renderer of its MIME type carries the promise of it.
  scyfi.widgetManager = () => {
    const mimeType = 'application/vnd.jupyter.widget-view+json';
    const renderer = panel.content.rendermime.createRenderer(mimeType);
    return renderer._manager.promise;
  };
  scyfi.widgetModel = async id => (await scyfi.widgetManager()).get_model(id);
  // The view that stands in the document: a model may have others, in a closed cell or a dialog.
  scyfi.widgetView = async id => {
    const model = await scyfi.widgetModel(id);
    const views = await Promise.all(Object.values(model.views || {}));
    return views.find(view => view.el && view.el.isConnected) || null;
  };
}
"""

_EXECUTE = """
async ({code, expressions}) => {
  const future = window.scyfi.kernel.requestExecute({
    code, user_expressions: expressions, store_history: false, stop_on_error: false,
  });
  const printed = [];
  future.onIOPub = message => {
    if (message.header.msg_type === 'stream') printed.push(message.content.text);
  };
  const reply = await future.done;
  return {...reply.content, printed: printed.join('')};
}
"""

_RUN_ALL = """
async () => {
  const {app, panel} = window.scyfi;
  await app.commands.execute('notebook:run-all-cells');
  const cells = Array.from(panel.content.model.cells);
  return cells.flatMap((cell, index) => {
    const outputs = cell.outputs ? cell.outputs.toJSON() : [];
    return outputs.filter(output => output.output_type === 'error').map(output => ({
      index, name: output.ename, value: output.evalue, traceback: output.traceback,
    }));
  });
}
"""


class CellError(AssertionError):
    """A cell, or code sent by the test, raised in the kernel. The message is the traceback."""

    def __init__(self, name: str, value: str, traceback: Sequence[str], where: str) -> None:
        self.name = name
        self.value = value
        super().__init__(f"{where} raised {name}: {value}\n" + _ANSI.sub("", "\n".join(traceback)))


class Notebook:
    """A notebook in JupyterLab's single-document mode; open one with `Notebook.open`.

    Attributes
    ----------
    page
        The Playwright page.
    errors
        Text of the console's errors and of uncaught exceptions in the page since it was opened.
    """

    def __init__(self, page: Page, lab: LabServer, name: str) -> None:
        self.page = page
        self.lab = lab
        self.name = name
        self.errors: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    def open(
        cls,
        page: Page,
        lab: LabServer,
        cells: Sequence[str] = (),
        *,
        path: Path | None = None,
        theme: str = LIGHT,
        width: int = 1280,
        height: int = 900,
        timeout: float = 60.0,
    ) -> Notebook:
        """Open a notebook and wait for its kernel.

        Parameters
        ----------
        cells
            Sources of its code cells.
        path
            An existing notebook instead of `cells`; a copy of it is opened.
        theme
            `LIGHT` or `DARK`.
        width, height
            Size of the page in pixels.
        timeout
            Seconds until the kernel must be there.
        """
        name = f"notebook-{next(_numbers)}.ipynb"
        if path is None:
            document = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(source) for source in cells],
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            )
            nbformat.write(document, lab.root / name)
        else:
            (lab.root / name).write_text(Path(path).read_text())
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(timeout * 1000)
        notebook = cls(page, lab, name)
        page.goto(lab.url(f"doc/tree/{name}"))
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(_SETUP)
        notebook.set_theme(theme)
        return notebook

    def run_all(self) -> None:
        """Run all cells and wait until the last is done.

        Raises
        ------
        CellError
            With the traceback of the first cell that raised.
        """
        failures = self.page.evaluate(_RUN_ALL)
        if failures:
            first = failures[0]
            where = f"cell {first['index']}"
            raise CellError(first["name"], first["value"], first["traceback"], where)

    def execute(self, code: str) -> str:
        """Run statements in the kernel, beside the notebook's cells; what they printed."""
        return self._request(code, {})["printed"]

    def evaluate(self, expression: str) -> Any:
        """Value of a Python expression in the kernel, as JSON carries it.

        Arrays and NumPy scalars come as (nested) lists and numbers, anything else that JSON does
        not know as its ``repr``.
        """
        wrapped = (
            f"__import__('json').dumps(({expression}), "
            "default=lambda o: o.tolist() if hasattr(o, 'tolist') else repr(o))"
        )
        answer = self._request("", {"value": wrapped})["user_expressions"]["value"]
        if answer["status"] != "ok":
            raise CellError(answer["ename"], answer["evalue"], answer["traceback"], expression)
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def wait_for(self, condition: str | Callable[[], Any], timeout: float = 10.0) -> Any:
        """Wait until a condition holds, and return its (true) value.

        Parameters
        ----------
        condition
            A Python expression for the kernel, or a function called here.
        timeout
            Seconds; after them an AssertionError tells the last value.
        """
        look = condition if callable(condition) else lambda: self.evaluate(condition)
        deadline = time.monotonic() + timeout
        while True:
            value = look()
            if value:
                return value
            if time.monotonic() > deadline:
                name = condition if isinstance(condition, str) else "the condition"
                raise AssertionError(f"not within {timeout} s: {name} (last value: {value!r})")
            # Through the page, not time.sleep: Playwright delivers console messages meanwhile.
            self.page.wait_for_timeout(20)

    def locator(self, selector: str) -> Locator:
        """Elements of the page, by CSS."""
        return self.page.locator(selector)

    def output(self, cell: int) -> Locator:
        """The output area of a cell, counted from 0."""
        return (
            self.page.locator(".jp-Notebook .jp-CodeCell")
            .nth(cell)
            .locator(".jp-Cell-outputWrapper")
        )

    def set_theme(self, theme: str) -> None:
        """Change JupyterLab's theme and wait until it is applied."""
        self.page.evaluate(
            "theme => document.body.dataset.jpThemeName === theme"
            " || jupyterapp.commands.execute('apputils:change-theme', {theme})",
            theme,
        )
        # While a theme loads, a splash screen dims the page.
        self.page.wait_for_function(
            "theme => document.body.dataset.jpThemeName === theme"
            " && !document.getElementById('jupyterlab-splash')",
            arg=theme,
        )

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one element, in the folder of artefacts.

        The folder is ``$SCYFI_ARTIFACTS``, or ``artifacts`` where the tests were started.
        """
        folder = Path(os.environ.get("SCYFI_ARTIFACTS", "artifacts"))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        if self.page.is_closed():
            return
        self.page.evaluate("() => window.scyfi && window.scyfi.panel.sessionContext.shutdown()")
        # An unsaved notebook would ask before it lets its page go.
        self.page.close(run_before_unload=False)

    def _request(self, code: str, expressions: dict[str, str]) -> dict[str, Any]:
        reply = self.page.evaluate(_EXECUTE, {"code": code, "expressions": expressions})
        if reply["status"] != "ok":
            name, value = reply.get("ename", "Aborted"), reply.get("evalue", "")
            raise CellError(name, value, reply.get("traceback", []), code)
        return reply
