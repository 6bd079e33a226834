// Small helpers: elements are made once and touched only where something differs.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; children are elements or text. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  svg.append(use);
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg, name) {
  const reference = `#${name}`;
  const use = svg.firstChild;
  if (use.getAttribute("href") !== reference) use.setAttribute("href", reference);
}

export function setText(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Text that is only read aloud. */
export function spoken(text) {
  return make("span", "spoken", text);
}

/** A keyed list: one element per object, kept in order, moved only when the order changes. */
export class KeyedList {
  constructor(parent, create, compare) {
    this.parent = parent;
    this.create = create;
    this.compare = compare;
    this.items = new Map();
    this.order = [];
  }

  /** Draw the objects named again; those that are no longer in `objects` go. */
  update(ids, objects) {
    let sort = false;
    for (const id of ids) {
      const object = objects.get(id);
      let item = this.items.get(id);
      if (object === undefined) {
        if (item === undefined) continue;
        item.element.remove();
        this.items.delete(id);
        this.order.splice(this.order.indexOf(item), 1);
        continue;
      }
      if (item === undefined) {
        item = this.create(id);
        this.items.set(id, item);
        this.order.push(item);
        sort = true;
      } else if (this.compare(item.object, object) !== 0) {
        sort = true;
      }
      item.update(object);
    }
    if (sort) this.arrange();
  }

  arrange() {
    this.order.sort((a, b) => this.compare(a.object, b.object));
    let place = this.parent.firstChild;
    for (const { element } of this.order) {
      if (element === place) place = place.nextSibling;
      else this.parent.insertBefore(element, place);
    }
  }

  /** Let all durations go on. */
  tick(now) {
    for (const item of this.order) item.tick(now);
  }
}
