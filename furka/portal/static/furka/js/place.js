/**
 * Chooses a place on a map that the portal has drawn: `[data-choose-place]` with an `svg[data-left][data-top][data-size]`
 * (Web Mercator, in widths of the world), a mark `[data-pin]`, and fields called `latitude` and `longitude` in the form.
 *
 * A click, or the arrow keys on the map, fill the fields; what is typed in the fields moves the mark. Without scripts
 * there are the fields.
 */

const WIDTH = 1000, HEIGHT = 640;
/** How much closer one can get than the picture as it was drawn. */
const CLOSEST = 1 / 32;
/** Room for the name of a town, in pixels of the screen. */
const LABEL = [120, 26];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {HTMLElement} choice */
function follow(choice) {
  const map = choice.querySelector("svg");
  const form = choice.closest("form");
  const latitude = form.elements.namedItem("latitude"), longitude = form.elements.namedItem("longitude");
  const pin = map.querySelector("[data-pin]"), says = choice.querySelector("[data-says]");
  const left = Number(map.dataset.left), top = Number(map.dataset.top), size = Number(map.dataset.size);
  const view = { x: 0, y: 0, scale: 1 };
  let point = null;

  const onPicture = (east, north) => {
    const bounded = (Math.max(-85, Math.min(85, north)) * Math.PI) / 180;
    const x = (east + 180) / 360, y = (1 - Math.asinh(Math.tan(bounded)) / Math.PI) / 2;
    return [((x - left) / size) * WIDTH, ((y - top) / size) * WIDTH];
  };
  const inDegrees = ([x, y]) => {
    const across = left + (x / WIDTH) * size, down = top + (y / WIDTH) * size;
    return [across * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * down))) * 180) / Math.PI];
  };

  /** Things keep their size however close one looks; of the towns those are named that have room. */
  function draw() {
    map.setAttribute("viewBox", `${view.x} ${view.y} ${WIDTH * view.scale} ${HEIGHT * view.scale}`);
    const named = [];
    const pixel = (WIDTH * view.scale) / (map.getBoundingClientRect().width || WIDTH); // of the screen, on the picture
    for (const thing of map.querySelectorAll("[data-at]")) {
      const [x, y] = thing.dataset.at.split(" ").map(Number);
      thing.setAttribute("transform", `translate(${x} ${y}) scale(${pixel})`);
      if (!thing.classList.contains("map-town")) continue;
      const near = named.some(([a, b]) => Math.abs(a - x) < LABEL[0] * pixel && Math.abs(b - y) < LABEL[1] * pixel);
      thing.setAttribute("visibility", near ? "hidden" : "visible");
      if (!near) named.push([x, y]);
    }
    if (point) pin.setAttribute("transform", `translate(${point[0]} ${point[1]}) scale(${1.2 * pixel})`);
    pin.setAttribute("visibility", point ? "visible" : "hidden");
  }

  /** @param {number} factor @param {number[]} around */
  function zoom(factor, around) {
    const scale = Math.max(CLOSEST, Math.min(1, view.scale * factor));
    view.x = Math.max(0, Math.min(WIDTH * (1 - scale), around[0] - (WIDTH * scale) / 2));
    view.y = Math.max(0, Math.min(HEIGHT * (1 - scale), around[1] - (HEIGHT * scale) / 2));
    view.scale = scale;
    draw();
  }

  const middle = () => [view.x + (WIDTH * view.scale) / 2, view.y + (HEIGHT * view.scale) / 2];
  const isInView = ([x, y]) => x >= view.x && y >= view.y && x <= view.x + WIDTH * view.scale && y <= view.y + HEIGHT * view.scale;

  /** @param {number[]} chosen */
  function choose(chosen) {
    point = [Math.max(0, Math.min(WIDTH, chosen[0])), Math.max(0, Math.min(HEIGHT, chosen[1]))];
    const [east, north] = inDegrees(point);
    latitude.value = north.toFixed(5);
    longitude.value = east.toFixed(5);
    says.textContent = choice.dataset.said.replace("{0}", latitude.value).replace("{1}", longitude.value);
    if (isInView(point)) draw();
    else zoom(1, point);
  }

  function read() {
    const north = Number.parseFloat(latitude.value.replace(",", ".")), east = Number.parseFloat(longitude.value.replace(",", "."));
    point = Number.isFinite(north) && Number.isFinite(east) ? onPicture(east, north) : null;
    if (point && (point[0] < 0 || point[1] < 0 || point[0] > WIDTH || point[1] > HEIGHT)) point = null; // off this map
    draw();
  }

  map.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    choose([at.x, at.y]);
  });
  map.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step) {
      const wide = (event.shiftKey ? 1 : 12) * view.scale;
      const from = point ?? middle();
      choose([from[0] + step[0] * wide, from[1] + step[1] * wide]);
    } else if (event.key === "+") zoom(0.5, point ?? middle());
    else if (event.key === "-") zoom(2, point ?? middle());
    else return;
    event.preventDefault();
  });
  for (const button of choice.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoom(button.dataset.zoom === "in" ? 0.5 : 2, point ?? middle()));
  }
  latitude.addEventListener("input", read);
  longitude.addEventListener("input", read);

  window.addEventListener("resize", draw);
  choice.hidden = false;
  read();
  if (point) zoom(0.25, point);
}

for (const choice of document.querySelectorAll("[data-choose-place]")) follow(choice);
