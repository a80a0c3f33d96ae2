// An exported figure: the frames that Python computed, drawn as SVG, and the controls between them.

const GAP = 65535, STEPS = 65534, BEFORE = 1, SPAN = 3; // see quantise.py
const MARGIN = {top: 8, bottom: 46, left: 62, right: 12, beside: 62}; // px
const DASHES = {dashed: "10,10", dotted: "2,10", dash_dotted: "10,5,2,5"};

// --- The frames -----------------------------------------------------------------------------------

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;:=>?@^_`{|}~";

// Five letters are four bytes, see as_letters in packing.py.
function bytesOf(text) {
  const digits = new Uint8Array(128);
  [...LETTERS].forEach((letter, digit) => { digits[letter.charCodeAt(0)] = digit; });
  const groups = Math.ceil(text.length / 5), bytes = new Uint8Array(4 * groups), view = new DataView(bytes.buffer);
  const whole = text.padEnd(5 * groups, "~");
  for (let group = 0; group < groups; group += 1) {
    let value = 0;
    for (let place = 5 * group; place < 5 * group + 5; place += 1) value = 85 * value + digits[whole.charCodeAt(place)];
    view.setUint32(4 * group, value);
  }
  return bytes.subarray(0, bytes.length - (whole.length - text.length));
}

async function unpack(text) {
  const stream = new Blob([bytesOf(text.trim())]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const page = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let place = 4 + length;
  for (const slot of page.slots) {
    if (slot.kind === "text") continue;
    slot.values = slot.values.map(size => bytes.subarray(place, place += size));
  }
  return page;
}

function pointsOf(bytes) {
  const count = bytes.length / 4, numbers = new Uint16Array(2 * count);
  for (let axis = 0; axis < 2; axis += 1) {
    let value = 0;
    for (let i = axis * count; i < (axis + 1) * count; i += 1) {
      value = (value + bytes[i] + 256 * bytes[2 * count + i]) & 65535;
      numbers[i] = value;
    }
  }
  return {count, x: numbers.subarray(0, count), y: numbers.subarray(count)};
}

function dataUrl(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}

class Slots {
  constructor(slots) {
    this.slots = slots;
    this.decoded = slots.map(() => new Map());
  }

  // The number of what a slot holds in a frame: two frames with one number show the same.
  version(number, frame) { const frames = this.slots[number].frames; return frames ? frames[frame] : 0; }
  text(number, frame) { return this.slots[number].values[this.version(number, frame)]; }
  json(number, frame) { return this.once(number, frame, JSON.parse); }
  points(number, frame) { return this.once(number, frame, pointsOf); }
  url(number, frame) { return this.once(number, frame, dataUrl); }

  once(number, frame, decode) {
    const version = this.version(number, frame), known = this.decoded[number];
    if (!known.has(version)) known.set(version, decode(this.slots[number].values[version]));
    return known.get(version);
  }
}

// --- A figure -------------------------------------------------------------------------------------

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Outlines around (0, 0), of an area in square pixels.
const OUTLINES = {
  circle: area => { const r = Math.sqrt(area / Math.PI); return `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`; },
  square: area => { const s = Math.sqrt(area); return `M${-s / 2},${-s / 2}h${s}v${s}h${-s}Z`; },
  diamond: area => { const y = Math.sqrt(area * Math.sqrt(3) / 2), x = y / Math.sqrt(3); return `M0,${-y}L${x},0 0,${y} ${-x},0Z`; },
  cross: area => { const r = Math.sqrt(area / 5) / 2; return `M${-3 * r},${-r}h${2 * r}v${-2 * r}h${2 * r}v${2 * r}h${2 * r}v${2 * r}h${-2 * r}v${2 * r}h${-2 * r}v${-2 * r}h${-2 * r}Z`; },
  "triangle-up": area => { const x = Math.sqrt(area / Math.sqrt(3)), y = x * Math.sqrt(3) / 2; return `M0,${-y}L${x},${y} ${-x},${y}Z`; },
  "triangle-down": area => { const x = Math.sqrt(area / Math.sqrt(3)), y = x * Math.sqrt(3) / 2; return `M0,${y}L${x},${-y} ${-x},${-y}Z`; },
};

let clips = 0;

class Figure {
  constructor(node, slots) {
    this.node = node;
    this.slots = slots;
    this.frame = 0;
    this.drawn = new Map(); // what stands in each slot
    this.clip = `clip${clips += 1}`;
    this.window = svg("rect");
    this.axes = svg("g", {class: "axes"});
    this.groups = node.marks.map(() => svg("g"));
    this.svg = svg("svg", {role: "img"}, svg("defs", {}, svg("clipPath", {id: this.clip}, this.window)),
      svg("g", {"clip-path": `url(#${this.clip})`}, ...this.groups), this.axes);
    this.element = document.createElement("div");
    this.element.className = `drawing ${node.class}`;
    this.element.style.height = `${node.height}px`;
    this.element.append(this.svg);
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  resize() {
    const width = this.element.clientWidth, {height, ratio, beside} = this.node;
    if (!width || width === this.width) return;
    this.width = width;
    const right = beside ? MARGIN.beside : MARGIN.right;
    let across = Math.max(10, width - MARGIN.left - right), up = height - MARGIN.top - MARGIN.bottom;
    if (ratio) {
      const wanted = ratio * height - MARGIN.left - right;
      up *= Math.min(1, across / wanted);
      across = Math.min(across, wanted);
    }
    const left = MARGIN.left + Math.max(0, (width - MARGIN.left - right - across) / 2);
    this.area = {left, top: MARGIN.top, across, up};
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [key, value] of Object.entries({x: left, y: MARGIN.top, width: across, height: up})) {
      this.window.setAttribute(key, value);
    }
    this.drawn.clear();
    this.show(this.frame);
  }

  show(frame) {
    this.frame = frame;
    if (!this.area) return;
    if (this.changed(this.node.axes)) this.drawAxes(this.slots.json(this.node.axes, frame));
    this.node.marks.forEach(({style, data}, place) => {
      // Both are asked, so that both are noted.
      const changed = [this.changed(style), this.changed(data)];
      if (changed.some(Boolean)) this.drawMark(this.groups[place], this.slots.json(style, frame), data);
    });
  }

  changed(slot) {
    const version = this.slots.version(slot, this.frame);
    if (this.drawn.get(slot) === version) return false;
    this.drawn.set(slot, version);
    return true;
  }

  x(part) { return this.area.left + part * this.area.across; }
  y(part) { return this.area.top + (1 - part) * this.area.up; }
  px(step) { return this.x(step / STEPS * SPAN - BEFORE).toFixed(2); }
  py(step) { return this.y(step / STEPS * SPAN - BEFORE).toFixed(2); }

  drawAxes({x, y, beside}) {
    const {left, top, across, up} = this.area, bottom = top + up, parts = [];
    const line = (x1, y1, x2, y2) => parts.push(svg("line", {x1, y1, x2, y2}));
    const text = (words, settings) => parts.push(svg("text", settings, words));
    line(left, bottom, left + across, bottom);
    line(left, top, left, bottom);
    for (const [part, words] of x.ticks) {
      line(this.x(part), bottom, this.x(part), bottom + 5);
      text(words, {x: this.x(part), y: bottom + 18, class: "tick middle"});
    }
    text(x.label, {x: left + across / 2, y: bottom + 38, class: "label middle"});
    for (const [axis, at, side] of [[y, left, -1], [beside, left + across, 1]]) {
      if (!axis) continue;
      if (side > 0) line(at, top, at, bottom);
      for (const [part, words] of axis.ticks) {
        line(at, this.y(part), at + 5 * side, this.y(part));
        text(words, {x: at + 9 * side, y: this.y(part) + 4, class: side > 0 ? "tick" : "tick end"});
      }
      const longest = Math.max(0, ...axis.ticks.map(([, words]) => words.length));
      const away = Math.min(54, Math.max(42, 18 + 6.5 * longest)); // beyond the longest number
      const middle = `rotate(-90) translate(${-(top + up / 2)},${at + side * away + (side > 0 ? 5 : 4)})`;
      text(axis.label, {transform: middle, class: "label middle"});
    }
    this.axes.replaceChildren(...parts);
    const words = `${y.label} against ${x.label}, from ${x.limits.map(short).join(" to ")}`;
    this.svg.setAttribute("aria-label", this.node.title ? `${this.node.title}: ${words}` : words);
  }

  drawMark(group, style, data) {
    const draw = {curves: "drawCurves", dots: "drawCurves", signs: "drawSigns", texts: "drawTexts", raster: "drawRaster"};
    group.replaceChildren(...this[draw[style.kind]](style, data));
  }

  drawCurves(style, data) {
    const {x, y} = this.slots.points(data, this.frame), paths = [];
    let place = 0;
    style.lengths.forEach((length, curve) => {
      const path = [];
      let begins = true;
      for (const end = place + length; place < end; place += 1) {
        if (style.kind === "dots") { path.push(`M${this.px(x[place])},${this.py(y[place])}h0`); continue; }
        if (x[place] === GAP && y[place] === GAP) { begins = true; continue; }
        path.push(`${begins ? "M" : "L"}${this.px(x[place])},${this.py(y[place])}`);
        begins = false;
      }
      paths.push(svg("path", {
        d: path.join(""), class: "curve", style: `stroke:${style.colours[curve]}`, "stroke-width": style.width,
        opacity: style.opacities[curve], "stroke-dasharray": DASHES[style.style] || "none",
      }));
    });
    return paths;
  }

  drawSigns(style, data) {
    const {count, x, y} = this.slots.points(data, this.frame), signs = [];
    const outline = OUTLINES[style.marker](style.area);
    for (let i = 0; i < count; i += 1) {
      const colour = style.colours[style.owners.length ? style.owners[i] : 0];
      const edge = style.filled ? style.edge || colour : colour;
      const sign = svg("path", {
        d: outline, transform: `translate(${this.px(x[i])},${this.py(y[i])})`, class: `sign ${style.marker}`,
        style: `fill:${style.filled ? colour : "none"};stroke:${edge}`,
        "stroke-width": style.width, opacity: style.opacity,
      });
      sign.words = style.words[i];
      signs.push(sign);
    }
    return signs;
  }

  drawTexts(style, data) {
    const {count, x, y} = this.slots.points(data, this.frame), texts = [];
    for (let i = 0; i < count; i += 1) {
      texts.push(svg("text", {
        x: this.px(x[i]), y: this.py(y[i]), class: "words middle", style: `fill:${style.colour};font-size:${style.size}px`,
      }, style.texts[i]));
    }
    return texts;
  }

  drawRaster(style, data) {
    const [x0, x1, y0, y1] = style.edges;
    return [svg("image", {
      href: this.slots.url(data, this.frame), x: this.x(x0), y: this.y(y1), preserveAspectRatio: "none",
      width: this.x(x1) - this.x(x0), height: this.y(y0) - this.y(y1),
      style: `image-rendering:${style.smooth ? "auto" : "pixelated"}`,
    })];
  }
}

// --- The page -------------------------------------------------------------------------------------

class Text {
  constructor(node, slots) {
    this.node = node;
    this.slots = slots;
    this.element = document.createElement("div");
    this.element.className = `text ${node.class}`;
  }

  show(frame) {
    const version = this.slots.version(this.node.slot, frame);
    if (version === this.version) return;
    this.version = version;
    this.element.innerHTML = this.slots.text(this.node.slot, frame);
    this.element.hidden = !this.element.textContent.trim();
  }
}

function build(node, slots, parts) {
  if (node.kind !== "box") {
    const part = new (node.kind === "figure" ? Figure : Text)(node, slots);
    parts.push(part);
    return part.element;
  }
  const box = document.createElement("div");
  box.className = `box ${node.row ? "row" : ""} ${node.class || ""}`;
  if (node.flex) box.style.flex = node.flex;
  if (node.title) { box.setAttribute("role", "group"); box.setAttribute("aria-label", node.title); }
  box.append(...node.children.map(child => build(child, slots, parts)));
  describe(box);
  return box;
}

// A figure is described by the legend beside it, which a screen reader reads aloud.
let legends = 0;
function describe(box) {
  const figure = box.querySelector(":scope > .drawing > svg");
  const texts = [...box.querySelectorAll(":scope > .text")];
  if (!figure || !texts.length) return;
  figure.setAttribute("aria-describedby", texts.map(text => text.id ||= `text${legends += 1}`).join(" "));
}

// What the sign under the mouse or the finger says.
function tip() {
  const element = document.createElement("div");
  element.id = "tip";
  element.hidden = true;
  document.addEventListener("pointerover", event => {
    const words = event.target.words;
    element.hidden = !words;
    if (!words) return;
    element.innerHTML = words;
    const {clientWidth: width, clientHeight: height} = document.documentElement;
    const sign = event.target.getBoundingClientRect();
    const left = Math.min(sign.right + 8, width - element.offsetWidth - 8);
    const below = sign.bottom + 6, above = sign.top - 6 - element.offsetHeight;
    element.style.left = `${Math.max(8, left) + scrollX}px`;
    element.style.top = `${(below + element.offsetHeight < height || above < 0 ? below : above) + scrollY}px`;
  });
  return element;
}

const short = value => String(Number(value.toPrecision(6))).replace("-", "−");

function slider(settings, changed) {
  const {name, values, start} = settings, label = document.createElement("label");
  const words = document.createElement("span"), input = document.createElement("input"), output = document.createElement("span");
  label.className = "slider";
  words.textContent = name;
  words.className = "name";
  output.className = "value";
  Object.assign(input, {type: "range", min: 0, max: values.length - 1, step: 1, value: start});
  const show = () => {
    output.textContent = short(values[input.value]);
    input.setAttribute("aria-valuetext", `${name} = ${output.textContent}`);
  };
  input.addEventListener("input", () => { show(); changed(); });
  show();
  label.append(words, input, output);
  return {element: label, place: () => Number(input.value)};
}

// The clock of a replay is the notebook's own: it is given what a widget's model would give it.
function clock({values, start}, settings, changed) {
  const listeners = {}, state = {
    epoch: values[start], epochs: values[values.length - 1], playing: false, speed: 50, loop: false,
    window: [0, 0], stride: 1, growing: false, jumps: [], events: [], _key: "page", ...settings,
  };
  const nearest = epoch => {
    let best = 0;
    values.forEach((value, place) => { if (Math.abs(value - epoch) < Math.abs(values[best] - epoch)) best = place; });
    return best;
  };
  const tell = name => (listeners[`change:${name}`] || []).forEach(listener => listener());
  const set = (name, value) => {
    const before = state[name];
    if (name === "epoch" && !state.playing) {
      // Between two frames there is nothing to stop at: one step goes on to the next frame.
      let place = nearest(value);
      if (values[place] === before && value !== before) place += value > before ? 1 : -1;
      value = values[Math.max(0, Math.min(values.length - 1, place))];
    }
    state[name] = value;
    if (value !== before) tell(name);
    if (name === "epoch") changed();
    if (name === "playing" && !value) set("epoch", values[nearest(state.epoch)]);
  };
  const model = {
    get: name => state[name], set, save_changes() {}, send() {},
    on(name, listener) { (listeners[name] ||= []).push(listener); },
    off(name, listener) { listeners[name] = (listeners[name] || []).filter(other => other !== listener); },
  };
  const element = document.createElement("div");
  transport.render({model, el: element});
  return {element, place: () => nearest(state.epoch)};
}

function controls(page, changed) {
  let asked = null;
  const soon = () => { asked ??= requestAnimationFrame(() => { asked = null; changed(); }); };
  return page.sliders.map(settings => settings.name === "epoch" ? clock(settings, page.clock, soon) : slider(settings, soon));
}

function themeButton() {
  const button = document.querySelector("#theme"), root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  button.addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    // The clock takes its colours from the page when JupyterLab's theme changes.
    document.body.setAttribute("data-jp-theme-name", root.dataset.theme);
  });
  dark.addEventListener("change", () => document.body.setAttribute("data-jp-theme-name", "system"));
}

async function main() {
  const page = await unpack(document.querySelector("#frames").textContent);
  const slots = new Slots(page.slots), parts = [], told = tip();
  const figure = document.querySelector("#figure"), summary = document.querySelector("#summary");
  figure.append(build(page.tree, slots, parts));
  const show = () => {
    const frame = moving.reduce((number, control, i) => number * page.sliders[i].values.length + control.place(), 0);
    told.hidden = true; // it may speak of the frame before
    for (const part of parts) part.show(frame);
    summary.textContent = slots.text(page.summary, frame);
    document.body.dataset.frame = frame;
  };
  const moving = controls(page, show);
  document.querySelector("#controls").append(...moving.map(control => control.element));
  document.body.append(told);
  themeButton();
  show();
}

main().catch(error => {
  const line = document.querySelector("#summary");
  line.textContent = typeof DecompressionStream === "undefined"
    ? "This figure needs a browser of 2023 or later." : `This figure cannot be shown: ${error.message}`;
  line.className = "trouble";
});
