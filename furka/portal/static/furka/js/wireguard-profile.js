/**
 * Makes a WireGuard profile whose private key never leaves this browser.
 *
 * The page:
 *
 *     <script src="{% static "vendor/nacl.min.js" %}" defer></script>
 *     <script src="{% static "vendor/qrcode.js" %}" defer></script>
 *     <script type="module" src="{% static "furka/js/wireguard-profile.js" %}"></script>
 *     <form method="post" action="…" data-wireguard-profile="result">
 *       {% csrf_token %} … its own fields (a name) … <input type="hidden" name="public_key"> <button type="submit">
 *     </form>
 *     <div id="result" hidden></div>
 *
 * What happens when the form is sent: a key pair is made here (X25519, tweetnacl), only the public half goes into the field
 * `public_key` (standard base64, 44 letters), and the form is sent by fetch, with the header `HX-Request: true`.
 *
 * The server answers
 *
 * - 200 or 201 with a fragment of HTML that is put into the result element. It holds
 *   `<script type="application/json" data-profile-config>` with `{"name": "site.conf", "config": "…"}`, where the config has
 *   the word PRIVATE_KEY once, where the key belongs; and any of these, which are filled here:
 *   `<pre data-profile-text>` the finished text · `<a data-profile-download>` a file to save · `<button data-profile-copy>` ·
 *   `<div data-profile-qr>` a code to scan with a phone;
 * - 422 with the form as a fragment, errors and all, which takes the place of the form.
 *
 * The private key is in no form field, address or storage; it is gone when the page is left.
 */

/** @param {Uint8Array} key @returns {string} standard base64 */
const base64 = (key) => btoa(String.fromCharCode(...key));

const SVG = "http://www.w3.org/2000/svg";

/** A QR code as a drawing, dark on white with the quiet zone of four modules. @param {string} text @param {string} label */
export function qr(text, label) {
  const code = window.qrcode(0, "L");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount(), edge = 4, size = count + 2 * edge;
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${size} ${size}`);
  drawing.setAttribute("class", "qr");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", label);
  drawing.setAttribute("shape-rendering", "crispEdges");
  let path = "";
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (code.isDark(row, column)) path += `M${column + edge} ${row + edge}h1v1h-1z`;
    }
  }
  const dark = document.createElementNS(SVG, "path");
  dark.setAttribute("d", path);
  dark.setAttribute("fill", "#000");
  drawing.append(dark);
  return drawing;
}

/** Finish the profile in the fragment that the server answered. @param {HTMLElement} place @param {Uint8Array} secret */
function finish(place, secret) {
  const block = place.querySelector("script[data-profile-config]");
  const given = JSON.parse(block.textContent);
  const config = given.config.replace("PRIVATE_KEY", base64(secret));
  for (const element of place.querySelectorAll("[data-profile-text]")) element.textContent = config;
  for (const link of place.querySelectorAll("a[data-profile-download]")) {
    link.href = URL.createObjectURL(new Blob([config], { type: "application/octet-stream" }));
    link.download = given.name;
  }
  for (const button of place.querySelectorAll("[data-profile-copy]")) button.dataset.copy = config;
  for (const element of place.querySelectorAll("[data-profile-qr]")) {
    element.replaceChildren(qr(config, element.dataset.profileQr || given.name));
  }
}

/** @param {string} html @returns {DocumentFragment} scripts in it do not run */
function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content;
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const place = document.getElementById(form.dataset.wireguardProfile);
  const pair = window.nacl.box.keyPair();
  form.elements.namedItem("public_key").value = base64(pair.publicKey);
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "HX-Request": "true", Accept: "text/html" },
    redirect: "error",
  });
  if (!answer.ok && answer.status !== 422) throw new Error(`the portal answered ${answer.status}`);
  const fragment = parse(await answer.text());
  if (answer.status === 422) {
    const again = fragment.querySelector("form[data-wireguard-profile]");
    form.replaceWith(again);
    window.htmx?.process(again);
    again.querySelector("[data-focus]")?.focus();
    return;
  }
  place.replaceChildren(...fragment.childNodes);
  finish(place, pair.secretKey);
  pair.secretKey.fill(0);
  form.hidden = true;
  place.hidden = false;
  place.tabIndex = -1;
  place.focus();
  window.htmx?.process(place);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.wireguardProfile === undefined) return;
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  if (button) button.disabled = true;
  try {
    await send(form);
  } catch (error) {
    console.warn(error);
    const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");
    document.body.dispatchEvent(new CustomEvent("furka:toast", { detail: { kind: "bad", text: texts.failed } }));
  } finally {
    if (button) button.disabled = false;
  }
});
