// The clock of a replay: play, pause, scrub, jump from mark to mark, with the mouse or the keys.
//
// The epoch moves here and not in the kernel, so that the clock never waits for a picture: what is
// sent while the kernel draws is merged by the widget's own throttle, and the newest epoch wins.

const KEYS = {
  " ": clock => clock.toggle(),
  ArrowRight: (clock, many) => clock.step(many ? 10 : 1),
  ArrowLeft: (clock, many) => clock.step(many ? -10 : -1),
  Home: clock => clock.go(clock.low()),
  End: clock => clock.go(clock.high()),
  j: (clock, many) => clock.toMark("jumps", many ? -1 : 1),
  b: (clock, many) => clock.toMark("events", many ? -1 : 1),
  l: clock => clock.set("loop", !clock.get("loop")),
  "[": clock => clock.setWindow(clock.epoch(), clock.get("window")[1]),
  "]": clock => clock.setWindow(clock.get("window")[0], clock.epoch()),
};
const SPEEDS = [1, 2, 5, 10, 25, 50, 100, 200, 500, 1000, 2000];
const OTHERS = ["epochs", "playing", "speed", "loop", "window", "jumps", "events"]; // than the epoch
const TICK = 30; // ms: what the clock spends on more frames than eyes need, the panes lack
const TRACK = 30; // px
const EDGE = 7; // px beside the track, so that its knob is whole at both ends

class Clock {
  constructor(model) {
    this.model = model;
    this.views = 0;
    this.position = model.get("epoch");
    this.frame = null;
    model.on("change:playing", () => this.follow());
    model.on("change:epoch", () => {
      // A person or the kernel went elsewhere: go on from there.
      if (Math.floor(this.position) !== this.epoch()) this.position = this.epoch();
    });
  }

  get(name) { return this.model.get(name); }
  set(name, value) { this.model.set(name, value); this.model.save_changes(); }
  epoch() { return this.get("epoch"); }
  windowed() { const [a, b] = this.get("window"); return b > a; }
  low() { return this.windowed() ? this.get("window")[0] : 0; }
  high() { return this.windowed() ? this.get("window")[1] : this.get("epochs"); }

  go(epoch) {
    const whole = Math.max(0, Math.min(this.get("epochs"), Math.round(epoch)));
    this.position = whole;
    if (whole !== this.epoch()) this.set("epoch", whole);
  }

  step(by) {
    this.pause();
    this.go(this.epoch() + by * Math.max(1, this.get("stride")));
  }

  toMark(name, direction) {
    // An event between two epochs is seen at the first network after it.
    const places = this.get(name).map(mark => Math.ceil(mark[0]));
    const here = this.epoch();
    const ahead = places.filter(place => (place - here) * direction > 0);
    if (!ahead.length) return;
    this.pause();
    this.go(direction > 0 ? Math.min(...ahead) : Math.max(...ahead));
  }

  setWindow(low, high) {
    const whole = high > low ? [low, high] : [0, 0];
    this.model.set("loop", high > low || this.get("loop"));
    this.set("window", whole);
  }

  pause() { if (this.get("playing")) this.set("playing", false); }

  toggle() {
    if (!this.get("playing") && this.epoch() >= this.high()) this.go(this.low());
    this.set("playing", !this.get("playing"));
  }

  follow() {
    if (!this.get("playing") || !this.views) {
      cancelAnimationFrame(this.frame);
      this.frame = null;
    } else if (this.frame === null) {
      this.last = performance.now();
      this.position = Math.max(this.position, this.epoch());
      this.frame = requestAnimationFrame(now => this.tick(now));
    }
  }

  tick(now) {
    if (now - this.last < TICK) {
      this.frame = requestAnimationFrame(t => this.tick(t));
      return;
    }
    // A page that was hidden comes back after minutes: it does not jump ahead by them.
    const seconds = Math.min(0.25, (now - this.last) / 1000);
    this.last = now;
    this.position += seconds * this.get("speed");
    if (this.position >= this.high()) {
      if (this.get("loop") && this.high() > this.low()) {
        this.position = this.low();
      } else if (!this.get("growing")) {
        this.position = this.high();
        this.set("playing", false);
      } else {
        this.position = this.high();
      }
    }
    const whole = Math.floor(this.position);
    if (whole !== this.epoch()) this.set("epoch", whole);
    this.frame = this.get("playing") ? requestAnimationFrame(t => this.tick(t)) : null;
  }
}

const clocks = new Map();

function clockOf(model) {
  const key = model.get("_key");
  if (!clocks.has(key)) clocks.set(key, new Clock(model));
  return clocks.get(key);
}

function button(label, title, action) {
  const element = document.createElement("button");
  element.className = "jupyter-button widget-button";
  element.textContent = label;
  element.title = title;
  element.setAttribute("aria-label", title);
  element.addEventListener("click", action);
  return element;
}

function speedChoice(clock) {
  const choice = document.createElement("select");
  choice.title = "Epochs a second";
  choice.setAttribute("aria-label", "Epochs a second");
  const fill = () => {
    const now = clock.get("speed");
    const speeds = SPEEDS.includes(now) ? SPEEDS : [...SPEEDS, now].sort((a, b) => a - b);
    choice.replaceChildren(...speeds.map(speed => {
      const option = document.createElement("option");
      option.value = speed;
      option.textContent = `${speed} / s`;
      option.selected = speed === now;
      return option;
    }));
  };
  choice.addEventListener("change", () => clock.set("speed", Number(choice.value)));
  fill();
  return [choice, fill];
}

class Track {
  constructor(clock) {
    this.clock = clock;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "sw-track";
    this.canvas.setAttribute("role", "slider");
    this.canvas.setAttribute("aria-label", "Epoch");
    this.canvas.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.dragging = true;
      clock.pause();
      clock.go(this.epochAt(event));
    });
    this.canvas.addEventListener("pointermove", event => {
      if (this.dragging) clock.go(this.epochAt(event));
      else this.describe(event);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => { this.dragging = false; });
    }
  }

  place(epoch) {
    const width = this.width - 2 * EDGE;
    return EDGE + width * (epoch / Math.max(1, this.clock.get("epochs")));
  }

  epochAt(event) {
    const width = Math.max(1, this.width - 2 * EDGE);
    return (event.offsetX - EDGE) / width * this.clock.get("epochs");
  }

  describe(event) {
    const near = (a, b) => Math.abs(this.place(a) - event.offsetX) - Math.abs(this.place(b) - event.offsetX);
    const marks = [...this.clock.get("events"), ...this.clock.get("jumps")];
    const mark = marks.sort((a, b) => near(a[0], b[0]))[0];
    const close = mark && Math.abs(this.place(mark[0]) - event.offsetX) < 4;
    this.canvas.title = close ? mark[2] : `epoch ${Math.round(this.epochAt(event))}`;
  }

  // What only a resize, a theme or new marks change is drawn once, on a canvas of its own: while it
  // plays, a frame costs a copy, two lines and a dot.
  restyle() {
    const style = getComputedStyle(this.canvas);
    const colour = (name, other) => style.getPropertyValue(name).trim() || other;
    this.ink = colour("--jp-ui-font-color1", "#222");
    this.soft = colour("--jp-border-color1", "#bbb");
    this.accent = colour("--jp-brand-color1", "#1976d2");
    this.width = this.canvas.clientWidth;
    this.stale = false;
    this.ground = null;
  }

  drawGround() {
    const {clock, width} = this;
    const ratio = window.devicePixelRatio || 1;
    const ground = this.ground = document.createElement("canvas");
    ground.width = this.canvas.width = Math.round(width * ratio);
    ground.height = this.canvas.height = Math.round(TRACK * ratio);
    const pen = ground.getContext("2d");
    pen.scale(ratio, ratio);
    const middle = TRACK / 2;
    if (clock.windowed()) {
      pen.fillStyle = this.accent;
      pen.globalAlpha = 0.16;
      pen.fillRect(this.place(clock.low()), 2, this.place(clock.high()) - this.place(clock.low()), TRACK - 4);
      pen.globalAlpha = 1;
    }
    pen.fillStyle = this.soft;
    pen.fillRect(EDGE, middle - 1.5, width - 2 * EDGE, 3);
    for (const [epoch, colour] of clock.get("events")) {
      pen.fillStyle = colour;
      pen.fillRect(this.place(epoch) - 0.75, middle + 4, 1.5, middle - 5);
    }
    pen.fillStyle = this.ink;
    for (const [epoch, up] of clock.get("jumps")) {
      const x = this.place(epoch);
      pen.beginPath();
      pen.moveTo(x - 4, up ? middle - 4 : 2);
      pen.lineTo(x + 4, up ? middle - 4 : 2);
      pen.lineTo(x, up ? 2 : middle - 4);
      pen.fill();
    }
    this.canvas.setAttribute("aria-valuemin", 0);
    this.canvas.setAttribute("aria-valuemax", clock.get("epochs"));
  }

  draw() {
    if (this.stale || !this.width) this.restyle();
    if (!this.width) return;
    if (!this.ground) this.drawGround();
    const {canvas, clock} = this;
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.ground, 0, 0);
    const ratio = canvas.width / this.width;
    pen.scale(ratio, ratio);
    const here = this.place(clock.epoch());
    pen.fillStyle = this.accent;
    pen.fillRect(EDGE, TRACK / 2 - 1.5, here - EDGE, 3);
    pen.beginPath();
    pen.arc(here, TRACK / 2, 6, 0, 2 * Math.PI);
    pen.fill();
    canvas.setAttribute("aria-valuenow", clock.epoch());
  }
}

function render({model, el}) {
  const clock = clockOf(model);
  clock.views += 1;
  el.classList.add("sw-transport");
  el.tabIndex = 0;
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.title = "";
  const bar = document.createElement("div");
  bar.className = "sw-transport-bar";
  const play = button("▶", "Play or pause (space)", () => clock.toggle());
  play.classList.add("sw-play");
  const [speed, fillSpeed] = speedChoice(clock);
  const loop = button("⟳", "Loop (L); [ and ] set its ends", () => clock.set("loop", !clock.get("loop")));
  const readout = document.createElement("span");
  readout.className = "sw-epoch";
  const jumps = [
    button("⇤ jump", "The loss jump before (shift J)", () => clock.toMark("jumps", -1)),
    button("jump ⇥", "The next loss jump (J)", () => clock.toMark("jumps", 1)),
  ];
  const events = [
    button("⇤ bif.", "The bifurcation before (shift B)", () => clock.toMark("events", -1)),
    button("bif. ⇥", "The next bifurcation (B)", () => clock.toMark("events", 1)),
  ];
  bar.append(
    play,
    button("◂", "One epoch back (left arrow; with shift ten)", () => clock.step(-1)),
    button("▸", "One epoch on (right arrow; with shift ten)", () => clock.step(1)),
    ...jumps, ...events, loop, speed, readout,
  );
  const track = new Track(clock);
  el.append(track.canvas, bar);

  const showControls = () => {
    const playing = clock.get("playing");
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-pressed", playing);
    loop.classList.toggle("mod-active", clock.get("loop"));
    for (const element of jumps) element.disabled = !clock.get("jumps").length;
    for (const element of events) element.disabled = !clock.get("events").length;
    fillSpeed();
    track.ground = null;
  };
  const showEpoch = () => {
    readout.textContent = `epoch ${clock.epoch()} of ${clock.get("epochs")}`;
    track.draw();
  };
  let asked = null;
  let controls = false; // whether more than the epoch changed
  const showSoon = everything => {
    controls = controls || everything;
    if (asked !== null) return;
    asked = requestAnimationFrame(() => {
      asked = null;
      if (controls) showControls();
      controls = false;
      showEpoch();
    });
  };
  const epochChanged = () => showSoon(false);
  const othersChanged = () => showSoon(true);
  const others = OTHERS.map(name => `change:${name}`);
  model.on("change:epoch", epochChanged);
  for (const name of others) model.on(name, othersChanged);
  const restyle = () => { track.stale = true; showSoon(true); };
  const resized = new ResizeObserver(restyle);
  resized.observe(track.canvas);
  // JupyterLab's themes change the body; the canvas takes its colours from there.
  const themed = new MutationObserver(restyle);
  themed.observe(document.body, {attributes: true, attributeFilter: ["data-jp-theme-name"]});
  el.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLSelectElement) return;
    const action = KEYS[event.key] || KEYS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action(clock, event.shiftKey);
  });
  clock.follow();
  showControls();
  showEpoch();
  return () => {
    clock.views -= 1;
    model.off("change:epoch", epochChanged);
    for (const name of others) model.off(name, othersChanged);
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(asked);
    if (!clock.views) {
      clock.pause();
      clock.follow();
      clocks.delete(model.get("_key"));
      model.send({type: "left"});
    }
  };
}

export default {render};
