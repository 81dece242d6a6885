"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Makes an element; children are elements or texts, so nothing is ever parsed as HTML. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Follows `$ref` within the document. */
function resolve(document_, schema) {
  let found = schema || {};
  for (let hops = 0; found.$ref && hops < 8; hops += 1) {
    found = found.$ref.split("/").slice(1).reduce((at, part) => (at ? at[part] : undefined), document_) || {};
  }
  return found;
}

/** A body of the right shape to begin with. */
function example(document_, schema, depth) {
  const found = resolve(document_, schema);
  if (found.example !== undefined) return found.example;
  if (found.enum) return found.enum[0];
  const choice = found.oneOf || found.anyOf;
  if (choice) return example(document_, choice.find((one) => one.type !== "null") || choice[0], depth);
  if (found.allOf) return Object.assign({}, ...found.allOf.map((part) => example(document_, part, depth)));
  const type = Array.isArray(found.type) ? found.type.find((one) => one !== "null") : found.type;
  if (type === "object" || found.properties) {
    if (depth > 6) return {};
    const required = new Set(found.required || []);
    const members = Object.entries(found.properties || {}).filter(([name]) => required.has(name));
    return Object.fromEntries(members.map(([name, member]) => [name, example(document_, member, depth + 1)]));
  }
  if (type === "array") return depth > 6 ? [] : [example(document_, found.items, depth + 1)];
  if (type === "integer" || type === "number") return found.minimum || 1;
  if (type === "boolean") return true;
  return "";
}

function bodySchema(document_, operation) {
  const body = resolve(document_, operation.requestBody);
  const json = body.content && body.content["application/json"];
  return json ? json.schema : null;
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function call(method, path, operation, fields, body, output) {
  const query = new URLSearchParams();
  const headers = { "X-Request-Id": randomId() };
  let target = path;
  for (const [parameter, input] of fields) {
    if (input.value === "") continue;
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === "query") query.set(parameter.name, input.value);
    else if (parameter.in === "header") headers[parameter.name] = input.value;
  }
  if (query.size > 0) target += `?${query}`;
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = { method: method.toUpperCase(), headers, credentials: "omit", cache: "no-store" };
  if (body && body.value.trim() !== "") {
    headers["Content-Type"] = "application/json";
    request.body = body.value;
  }
  output.replaceChildren("waiting …");
  const begun = performance.now();
  try {
    const response = await fetch(target, request);
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    const status = make("span", { class: response.ok ? "good" : "bad" }, `${response.status} ${response.statusText}`);
    const took = ` · ${Math.round(performance.now() - begun)} ms · X-Request-Id ${response.headers.get("x-request-id")}`;
    output.replaceChildren(make("p", {}, status, took), make("pre", {}, shown));
  } catch (error) {
    output.replaceChildren(make("p", { class: "bad" }, `No answer: ${error.message}`));
  }
}

function answers(document_, operation) {
  const rows = Object.entries(operation.responses || {}).map(([status, response]) =>
    make("tr", {}, make("td", {}, status), make("td", {}, resolve(document_, response).description || "")));
  return make("table", {}, make("tbody", {}, make("tr", {}, make("th", {}, "Status"), make("th", {}, "Meaning")), ...rows));
}

function card(document_, path, method, operation, shared) {
  const parameters = [...shared, ...(operation.parameters || [])].map((one) => resolve(document_, one));
  const fields = parameters.map((parameter) => {
    const id = `${method}-${path}-${parameter.name}`;
    return [parameter, make("input", { id, placeholder: parameter.required ? "required" : "optional", autocomplete: "off" })];
  });
  const schema = bodySchema(document_, operation);
  const body = schema ? make("textarea", { spellcheck: "false", "aria-label": "body" }) : null;
  if (body) body.value = JSON.stringify(example(document_, schema, 0), null, 2);
  const output = make("div", { "aria-live": "polite" });
  const send = make("button", { type: "button", onclick: () => call(method, path, operation, fields, body, output) }, "Send");
  return make("details", {},
    make("summary", {}, make("b", {}, method.toUpperCase()), make("code", {}, path), ` ${operation.summary || ""}`),
    make("p", {}, operation.description || ""),
    ...fields.flatMap(([parameter, input]) => [
      make("label", { for: input.id }, `${parameter.name} (${parameter.in})`), input]),
    body ? make("label", {}, "Body") : null, body, send, output, answers(document_, operation));
}

async function start() {
  const main = document.getElementById("operations");
  try {
    const document_ = await (await fetch("/openapi.json")).json();
    const groups = new Map();
    for (const [path, item] of Object.entries(document_.paths || {})) {
      for (const method of METHODS.filter((one) => item[one])) {
        const group = (item[method].tags || ["calls"])[0];
        if (!groups.has(group)) groups.set(group, []);
        groups.get(group).push(card(document_, path, method, item[method], item.parameters || []));
      }
    }
    main.replaceChildren(...[...groups].flatMap(([group, cards]) => [make("h2", {}, group), ...cards]));
  } catch (error) {
    main.replaceChildren(make("p", { class: "bad" }, `openapi.json could not be read: ${error.message}`));
  }
}

start();
