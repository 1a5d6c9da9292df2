// Passkeys: asks the browser for what a form tells it to (data-passkey is where the question comes from), puts the answer into the
// form and sends it. Without this, or in a browser without passkeys, such forms stay hidden: the password does as well.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // As the standard's parse…OptionsFromJSON, which browsers of last year lack.
  const asked = data => {
    const list = known => known && known.map(one => ({...one, id: bytes(one.id)}));
    const options = {...data, challenge: bytes(data.challenge)};
    if (options.user) options.user = {...options.user, id: bytes(options.user.id)};
    if (options.excludeCredentials) options.excludeCredentials = list(options.excludeCredentials);
    if (options.allowCredentials) options.allowCredentials = list(options.allowCredentials);
    return {publicKey: options};
  };

  // As its toJSON.
  const told = credential => {
    const from = credential.response;
    const response = {clientDataJSON: text(from.clientDataJSON)};
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (from[name]) response[name] = text(from[name]);
    }
    if (from.getTransports) response.transports = from.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const wire = form => {
    const words = form.querySelector("[data-words]");
    form.hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      words.textContent = "";
      try {
        const fields = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.passkey, {method: "POST", body: fields});
        const data = await answer.json();
        if (data.error) {
          words.textContent = data.error;
          return;
        }
        const options = asked(data);
        const credential = await (options.publicKey.user ? navigator.credentials.create(options) : navigator.credentials.get(options));
        form.elements.credential.value = told(credential);
        form.submit();
      } catch {
        words.textContent = words.dataset.words;
      }
    });
  };
  document.querySelectorAll("form[data-passkey]").forEach(wire);
})();
