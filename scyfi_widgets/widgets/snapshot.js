// Saves the figures and the legend of the pane that the button stands in, as they are on screen.
//
// bqplot's own save_png leaves out the legend, and what a style sheet says of elements within the
// figure, such as round ends of lines: dots, which are lines without length, are lost with them.
// Here every element takes along the style that it has.

const SHAPES = [
  "display", "visibility", "opacity", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity",
  "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "paint-order", "image-rendering", "shape-rendering",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline",
];
const WORDS = [
  ...SHAPES, "color", "line-height", "white-space", "font-variant-numeric", "vertical-align", "box-sizing",
  "width", "height", "margin", "padding", "flex-wrap", "row-gap", "column-gap", "background-color",
  "background-image", "border-top", "border-right", "border-bottom", "border-left", "border-radius",
];
const SHOWN = ".bqplot, .sw-legend, .sw-here";
const MARGIN = 8; // px around all
const LEAST_SCALE = 2; // pixels of the file to one of CSS

function copied(element, names) {
  const copy = element.cloneNode(false);
  if (copy.nodeType === Node.TEXT_NODE) return copy;
  const style = getComputedStyle(element);
  copy.setAttribute("style", names.map(name => `${name}:${style.getPropertyValue(name)}`).join(";"));
  copy.removeAttribute("class");
  for (const child of element.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE || child.nodeType === Node.TEXT_NODE) {
      copy.append(copied(child, names));
    }
  }
  return copy;
}

function placed(kind, box, origin, content) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  const [x, y, width, height] = [box.left - origin.left, box.top - origin.top, box.width, box.height];
  Object.entries({x, y, width, height}).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...content);
  return element;
}

async function dataUrl(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function figureCopy(figure, origin) {
  const parts = [];
  for (const drawing of figure.querySelectorAll(":scope > svg")) {
    const copy = copied(drawing, SHAPES);
    for (const image of copy.querySelectorAll("image")) {
      image.setAttribute("href", await dataUrl(image.getAttribute("href")));
    }
    parts.push(placed("svg", drawing.getBoundingClientRect(), origin, copy.childNodes));
  }
  return parts;
}

function wordsCopy(words, origin) {
  const box = words.getBoundingClientRect();
  // A little wider, so that no word goes to another line for a rounding error.
  return placed("foreignObject", {...box.toJSON(), width: box.width + 1}, origin, [copied(words, WORDS)]);
}

function around(elements) {
  const boxes = elements.map(element => element.getBoundingClientRect());
  const left = Math.min(...boxes.map(box => box.left)) - MARGIN;
  const top = Math.min(...boxes.map(box => box.top)) - MARGIN;
  const width = Math.max(...boxes.map(box => box.right)) + MARGIN - left;
  const height = Math.max(...boxes.map(box => box.bottom)) + MARGIN - top;
  return {left, top, width: Math.ceil(width), height: Math.ceil(height)};
}

function background(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "transparent" && !/,\s*0\)$/.test(colour)) return colour;
  }
  return "white";
}

// Returns the canvas of some elements; the legend is left out where the browser does not let it be read.
async function drawn(elements, colour, withWords) {
  const box = around(elements), scale = Math.max(LEAST_SCALE, window.devicePixelRatio || 1);
  const parts = await Promise.all(elements.map(element =>
    element.matches(".bqplot") ? figureCopy(element, box) : withWords ? [wordsCopy(element, box)] : []));
  const page = placed("svg", {left: 0, top: 0, width: box.width * scale, height: box.height * scale}, {left: 0, top: 0}, parts.flat());
  page.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(page))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = box.width * scale;
  canvas.height = box.height * scale;
  const context = canvas.getContext("2d");
  for (const layer of ["white", colour]) {
    context.fillStyle = layer;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.drawImage(picture, 0, 0);
  return new Promise((resolve, reject) =>
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
}

async function save(pane, name) {
  const elements = [...pane.querySelectorAll(SHOWN)].filter(element => element.getClientRects().length);
  const colour = background(pane);
  const blob = await drawn(elements, colour, true).catch(() => drawn(elements, colour, false));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function render({model, el}) {
  const button = document.createElement("button");
  const tip = "Save the picture as a PNG file";
  button.className = "jupyter-widgets jupyter-button widget-button sw-snapshot";
  button.title = tip;
  button.style.width = "auto"; // ipywidgets would give it the width of a text
  button.setAttribute("aria-label", tip);
  const icon = document.createElement("i");
  icon.className = "fa fa-download center";
  button.append(icon, " PNG"); // the word too: a saved page may have no icons
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await save(el.closest(".sw-pane"), model.get("file_name"));
      button.title = tip;
    } catch (error) {
      button.title = `not saved: ${error}`;
      console.warn(error);
    }
    button.disabled = false;
  });
  el.append(button);
}

export default {render};
