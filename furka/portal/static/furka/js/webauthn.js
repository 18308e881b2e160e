/**
 * Passkeys and security keys on the pages of one's account.
 *
 * `<form data-webauthn="create|get|login">` with a hidden field `credential`. A button with `data-webauthn-start` begins (in
 * the form, or elsewhere with its `form` attribute). `create` and `get` read their options from the JSON script block that
 * `data-options` names; `login` asks the form's address for them. `data-passwordless` names the tick for a passkey.
 * What went wrong is said in `[data-webauthn-error]`, whose own text is the sentence for it.
 */

/** @param {string} text base64url @returns {ArrayBuffer} */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

/** @param {ArrayBuffer | null | undefined} buffer @returns {string | undefined} base64url */
function text(buffer) {
  if (!buffer) return undefined;
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {{id: string}[] | undefined} list */
const descriptors = (list) => list?.map((item) => ({ ...item, id: bytes(item.id) }));

/** Make a new credential. @param {any} given options as the server sent them @param {boolean} passkey */
async function create(given, passkey) {
  const options = structuredClone(given);
  const wish = (options.authenticatorSelection ??= {});
  wish.residentKey = passkey ? "required" : "discouraged";
  wish.requireResidentKey = passkey;
  if (passkey) wish.userVerification = "required";
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    },
  });
  return {
    type: made.type,
    id: made.id,
    rawId: text(made.rawId),
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: made.getClientExtensionResults(),
    response: {
      attestationObject: text(made.response.attestationObject),
      clientDataJSON: text(made.response.clientDataJSON),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

/** Prove that one has a credential. @param {any} options as the server sent them */
async function get(options) {
  const proof = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: descriptors(options.allowCredentials),
    },
  });
  return {
    type: proof.type,
    id: proof.id,
    rawId: text(proof.rawId),
    authenticatorAttachment: proof.authenticatorAttachment,
    clientExtensionResults: proof.getClientExtensionResults(),
    response: {
      authenticatorData: text(proof.response.authenticatorData),
      clientDataJSON: text(proof.response.clientDataJSON),
      signature: text(proof.response.signature),
      userHandle: text(proof.response.userHandle),
    },
  };
}

/** @param {HTMLFormElement} form */
async function options(form) {
  if (form.dataset.webauthn !== "login") return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the portal answered ${answer.status}`);
  return answer.json();
}

/** @param {HTMLFormElement} form */
async function run(form) {
  const given = await options(form);
  const tick = form.dataset.passwordless ? form.elements.namedItem(form.dataset.passwordless) : null;
  const credential = form.dataset.webauthn === "create"
    ? await create(given.creation_options.publicKey, Boolean(tick?.checked))
    : await get(given.request_options.publicKey);
  form.elements.namedItem("credential").value = JSON.stringify(credential);
  form.submit();
}

for (const button of document.querySelectorAll("[data-webauthn-start]")) {
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    continue;
  }
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const said = document.querySelector("[data-webauthn-error]");
    if (said) said.hidden = true;
    button.disabled = true;
    try {
      await run(button.form);
    } catch (error) {
      console.warn(error);
      if (said) said.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
