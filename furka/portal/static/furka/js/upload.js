/**
 * Sends the files of a form one after the other and shows how far each is: `<form data-upload data-largest data-too-large
 * data-done data-waits data-failed>` with a list `[data-uploads]`. What went wrong stays there and says why; if all is
 * well, the page `data-done` is opened. Without scripts the form sends them together.
 */

/** One line of the list: its name, a word, a bar. @param {File} file @param {string} word */
function line(file, word) {
  const item = document.createElement("li");
  const text = document.createElement("div");
  text.className = "timebar-text";
  const name = document.createElement("span");
  name.textContent = file.name;
  const said = document.createElement("span");
  said.className = "muted";
  said.textContent = word;
  text.append(name, said);
  const bar = document.createElement("progress");
  bar.className = "meter";
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  item.append(text, bar);
  return { item, said, bar };
}

/** @param {HTMLFormElement} form @param {string} name @param {File} file @param {(part: number) => void} moved */
function send(form, name, file, moved) {
  return new Promise((resolve) => {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.namedItem("csrfmiddlewaretoken").value);
    body.append(name, file);
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action") || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) moved(event.loaded / event.total); };
    request.onload = () => resolve({ ok: request.status === 201, said: request.response?.said });
    request.onerror = request.onabort = () => resolve({ ok: false });
    request.send(body);
  });
}

/** @param {HTMLFormElement} form */
async function sendAll(form) {
  const field = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-uploads]");
  const button = form.querySelector(".actions button");
  const files = [...field.files];
  const lines = files.map((file) => line(file, form.dataset.waits));
  list.replaceChildren(...lines.map((each) => each.item));
  list.hidden = false;
  button.disabled = field.disabled = true;
  let good = true;
  for (const [index, file] of files.entries()) {
    const { said, bar } = lines[index];
    said.textContent = "0 %";
    const answer = file.size > Number(form.dataset.largest)
      ? { ok: false, said: form.dataset.tooLarge }
      : await send(form, field.name, file, (part) => {
          bar.value = part;
          said.textContent = `${Math.round(100 * part)} %`;
        });
    bar.hidden = true;
    said.className = answer.ok ? "upload-ok" : "upload-bad";
    said.textContent = answer.said || form.dataset.failed;
    good &&= answer.ok;
  }
  button.disabled = field.disabled = false;
  field.value = "";
  if (good) location.assign(form.dataset.done);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.upload === undefined) return;
  if (!form.querySelector("input[type=file]")?.files?.length) return; // the server says what is missing
  event.preventDefault();
  sendAll(form);
});
