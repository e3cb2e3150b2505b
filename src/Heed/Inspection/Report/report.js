'use strict';
(() => {
const levels = 8, heat = 16, svgNames = 'http://www.w3.org/2000/svg', root = document.documentElement;
const tip = document.getElementById('tip'), say = document.getElementById('say');
const make = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const draw = (name, attributes, ...children) => fill(document.createElementNS(svgNames, name), attributes, children);
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const digits = value => Number.isFinite(value) ? String(+value.toPrecision(4)) : '–';

// The theme: as the system's, until the reader chooses.
const theme = document.getElementById('theme'), system = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
function showTheme() {
  theme.setAttribute('aria-pressed', isDark());
  document.querySelectorAll('canvas').forEach(canvas => canvas.repaint && canvas.repaint());
}
theme.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; showTheme(); });
system.addEventListener('change', showTheme);

// One box with what is pointed at; the same words for screen readers when the keyboard moves.
function point(element, text, isKeyboard) {
  tip.textContent = text;
  tip.hidden = false;
  const at = element.getBoundingClientRect(), box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(at.left, innerWidth - box.width - 8)) + 'px';
  tip.style.top = (at.bottom + box.height + 10 < innerHeight ? at.bottom + 6 : Math.max(4, at.top - box.height - 6)) + 'px';
  if (isKeyboard) say.textContent = text;
}
const leave = () => { tip.hidden = true; };
document.addEventListener('pointerover', e => {
  const element = e.target.closest('[data-tip]');
  if (element) point(element, element.dataset.tip); else if (!e.target.closest('.tokens b,.scroll')) leave();
});
addEventListener('scroll', leave, true);
document.addEventListener('keydown', e => { if (e.key === 'Escape') leave(); });

// One stop of the tab key for a group; arrows, Home and End move within it.
function rove(items, columns, tell) {
  const row = columns || 1;
  items.forEach((item, i) => {
    item.tabIndex = i ? -1 : 0;
    item.addEventListener('focus', () => {
      items.forEach(other => { other.tabIndex = other === item ? 0 : -1; });
      if (tell) tell(item, i, item.matches(':focus-visible'));
    });
    item.addEventListener('keydown', e => {
      const flip = getComputedStyle(item).direction === 'rtl' ? -1 : 1;
      const step = { ArrowRight: flip, ArrowLeft: -flip, ArrowDown: row, ArrowUp: -row, Home: -items.length, End: items.length }[e.key];
      if (!step) return;
      e.preventDefault();
      items[Math.max(0, Math.min(items.length - 1, i + step))].focus();
    });
  });
}

// Texts: rows of weights over the same tokens.
document.querySelectorAll('article.text').forEach(article => {
  const first = article.querySelector('.tokens');
  const rows = [...article.querySelectorAll('.row')].map(row => ({ name: row.dataset.name, values: row.dataset.v ? row.dataset.v.split(' ').map(Number) : [] }));
  if (!rows.length) return;
  const words = token => rows.map(row => row.name + ' ' + digits(row.values[token])).join('\n');
  const shown = [];
  function prepare(block) {
    const tokens = [...block.querySelectorAll('b')];
    shown.push(tokens);
    rove(tokens, 1, (b, i, isKeyboard) => { if (isKeyboard) point(b, b.textContent.trim() + '\n' + words(i), true); });
    tokens.forEach((b, i) => {
      b.addEventListener('pointerenter', () => { point(b, b.textContent.trim() + '\n' + words(i)); mark(i, true); });
      b.addEventListener('pointerleave', () => mark(i, false));
      b.addEventListener('blur', leave);
    });
  }
  const mark = (i, on) => { if (shown.length > 1) shown.forEach(tokens => tokens[i].classList.toggle('at', on)); };
  function shade(tokens, row) {
    const largest = Math.max(...row.values.map(Math.abs).filter(Number.isFinite), 0);
    tokens.forEach((b, i) => {
      const level = largest ? Math.round(levels * row.values[i] / largest) : 0;
      b.className = level ? (level < 0 ? 'n' : 'p') + Math.abs(level) : '';
    });
  }
  prepare(first);
  if (rows.length > 1) {
    const side = make('div', { class: 'side', hidden: '' });
    const buttons = [...rows.map(row => row.name), 'side by side'].map(name => make('button', { type: 'button' }, name));
    function choose(index) {
      buttons.forEach((button, i) => button.setAttribute('aria-pressed', i === index));
      const isAll = index === rows.length;
      first.hidden = isAll;
      side.hidden = !isAll;
      if (!isAll) shade(shown[0], rows[index]);
      else if (!side.firstChild) rows.forEach(row => {
        const copy = first.cloneNode(true);
        copy.hidden = false;
        copy.setAttribute('aria-label', row.name);
        copy.removeAttribute('aria-labelledby');
        side.append(make('h4', {}, row.name), copy);
        prepare(copy);
        shade([...copy.querySelectorAll('b')], row);
      });
    }
    buttons.forEach((button, i) => button.addEventListener('click', () => choose(i)));
    first.before(make('div', { class: 'choice', role: 'group', 'aria-label': 'Weights by' }, ...buttons));
    first.after(side);
    choose(0);
  }
  const details = make('details', {}, make('summary', {}, 'Values as a table'));
  details.addEventListener('toggle', () => {
    if (details.children.length > 1) return;
    const head = make('tr', {}, ...['token', ...rows.map(row => row.name)].map((name, i) => make('th', { scope: 'col', class: i ? 'num' : '' }, name)));
    const lines = shown[0].map((b, t) => make('tr', {}, make('th', { scope: 'row', dir: 'auto' }, b.textContent), ...rows.map(row => make('td', { class: 'num' }, digits(row.values[t])))));
    details.append(make('div', { class: 'wide' }, make('table', {}, make('caption', {}, 'Weight of each token'), make('thead', {}, head), make('tbody', {}, ...lines))));
  });
  article.append(details);
});

// Matrices: 16-bit shares of the largest weight.
function unpack(element) {
  const bytes = Uint8Array.from(atob(element.dataset.w), c => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const largest = +element.dataset.max, rows = +element.dataset.r, columns = +element.dataset.k;
  const at = (r, k) => view.getUint16(2 * (r * columns + k), true) / 65535;
  return { rows, columns, largest, share: at, value: (r, k) => largest * at(r, k) };
}
const tokensOf = (element, kind) => [...element.querySelectorAll('ol.' + kind + '>li')].map(li => li.textContent);
const shadeOf = share => share * heat < 0.5 ? 'var(--paper)' : 'var(--h' + Math.min(heat, Math.round(share * heat)) + ')';
const brief = token => { const all = [...token.trim()]; return all.length > 14 ? all.slice(0, 13).join('') + '…' : token.trim() || '␣'; };

function paint(canvas, matrix) {
  canvas.width = matrix.columns;
  canvas.height = matrix.rows;
  canvas.repaint = () => {
    const context = canvas.getContext('2d'), style = getComputedStyle(root);
    const colours = [...Array(heat + 1).keys()].map(level => style.getPropertyValue(level ? '--h' + level : '--paper').trim());
    for (let r = 0; r < matrix.rows; r++) {
      for (let k = 0; k < matrix.columns; k++) {
        context.fillStyle = colours[Math.min(heat, Math.round(heat * matrix.share(r, k)))];
        context.fillRect(k, r, 1, 1);
      }
    }
  };
  canvas.repaint();
}

// The matrix large, a cell a keyboard stop.
function matrixView(matrix, queries, keys, label) {
  const cell = 22, left = 118, top = 96;
  const svg = draw('svg', { width: left + matrix.columns * cell + 60, height: top + matrix.rows * cell + 8, role: 'group', 'aria-label': label + ', matrix. Arrow keys move between cells.' });
  keys.forEach((key, k) => svg.append(draw('text', { transform: `translate(${left + k * cell + 15} ${top - 6}) rotate(-55)` }, brief(key))));
  const cells = [];
  queries.forEach((query, r) => {
    svg.append(draw('text', { x: left - 8, y: top + r * cell + 15, 'text-anchor': 'end' }, brief(query)));
    keys.forEach((key, k) => {
      const rectangle = draw('rect', { class: 'cell', x: left + k * cell, y: top + r * cell, width: cell, height: cell });
      rectangle.setAttribute('role', 'img');
      rectangle.setAttribute('aria-label', `${query} → ${key}: ${digits(matrix.value(r, k))}`);
      rectangle.style.fill = shadeOf(matrix.share(r, k));
      rectangle.addEventListener('pointerenter', () => point(rectangle, `${query} → ${key}\n${digits(matrix.value(r, k))}`));
      cells.push(rectangle);
      svg.append(rectangle);
    });
  });
  rove(cells, matrix.columns, (rectangle, i, isKeyboard) => { if (isKeyboard) point(rectangle, rectangle.getAttribute('aria-label'), true); });
  svg.addEventListener('pointerleave', leave);
  return make('div', { class: 'scroll' }, svg);
}

// Two columns of tokens with a line for each weight that counts; a token shows its own lines alone.
function lineView(matrix, queries, keys, label) {
  const step = 21, width = 380, left = 130, right = 250;
  const svg = draw('svg', { width, height: 14 + step * Math.max(queries.length, keys.length), role: 'group', 'aria-label': label + ', lines. Arrow keys move between the tokens that look.' });
  const lines = [], y = i => 15 + i * step;
  queries.forEach((_, r) => keys.forEach((_, k) => {
    const share = matrix.share(r, k);
    if (share < 0.04) return;
    const line = draw('line', { class: 'link', x1: left + 6, x2: right - 6, y1: y(r), y2: y(k), 'stroke-opacity': (0.12 + 0.88 * share).toFixed(3), 'stroke-width': (0.6 + 2.6 * share).toFixed(2) });
    lines.push({ line, r, k });
    svg.append(line);
  }));
  function select(r, k) {
    svg.classList.toggle('dim', r >= 0 || k >= 0);
    lines.forEach(l => l.line.classList.toggle('on', l.r === r || l.k === k));
  }
  const best = (count, value, names) => [...Array(count).keys()].sort((a, b) => value(b) - value(a)).slice(0, 5).map(i => names[i].trim() + ' ' + digits(value(i))).join('\n');
  const stops = queries.map((query, r) => {
    const text = draw('text', { x: left, y: y(r) + 4, 'text-anchor': 'end', role: 'img', 'aria-label': query }, brief(query));
    const words = query.trim() + ' looks at\n' + best(keys.length, k => matrix.value(r, k), keys);
    text.addEventListener('pointerenter', () => { select(r, -1); point(text, words); });
    text.addEventListener('blur', () => { select(-1, -1); leave(); });
    text.words = words;
    svg.append(text);
    return text;
  });
  keys.forEach((key, k) => {
    const text = draw('text', { x: right, y: y(k) + 4 }, brief(key));
    text.addEventListener('pointerenter', () => { select(-1, k); point(text, key.trim() + ' is looked at by\n' + best(queries.length, r => matrix.value(r, k), queries)); });
    svg.append(text);
  });
  rove(stops, 1, (text, r, isKeyboard) => { if (isKeyboard) { select(r, -1); point(text, text.words, true); } });
  svg.addEventListener('pointerleave', () => { select(-1, -1); leave(); });
  return make('div', { class: 'scroll' }, svg);
}

document.querySelectorAll('article.matrix').forEach(article => {
  const matrix = unpack(article), queries = tokensOf(article, 'q'), keys = tokensOf(article, 'k'), label = article.querySelector('h3').textContent;
  article.querySelector('.views').append(matrixView(matrix, queries, keys, label), lineView(matrix, queries, keys, label));
});

// Heads: a grid of small ones, of which one opens.
document.querySelectorAll('.heads').forEach(heads => {
  const queries = tokensOf(heads, 'q'), keys = tokensOf(heads, 'k'), large = heads.querySelector('.large'), buttons = [...heads.querySelectorAll('.head')];
  let opened = null;
  function close() {
    large.hidden = true;
    large.replaceChildren();
    if (!opened) return;
    opened.setAttribute('aria-expanded', 'false');
    opened.focus();
    opened = null;
  }
  function open(button) {
    if (opened) opened.setAttribute('aria-expanded', 'false');
    opened = button;
    button.setAttribute('aria-expanded', 'true');
    const matrix = unpack(button), label = button.getAttribute('aria-label'), end = make('button', { type: 'button' }, 'Close');
    end.addEventListener('click', close);
    large.replaceChildren(make('header', {}, make('div', {}, make('h3', {}, label), make('p', { class: 'facts' }, button.dataset.facts)), end),
      matrixView(matrix, queries, keys, label), lineView(matrix, queries, keys, label));
    large.hidden = false;
    leave();
    end.focus();
    large.scrollIntoView({ block: 'nearest' });
  }
  const columns = buttons.length ? buttons[0].closest('tr').querySelectorAll('.head').length : 1;
  buttons.forEach(button => {
    const canvas = make('canvas', { 'aria-hidden': 'true' });
    button.append(canvas);
    paint(canvas, unpack(button));
    button.setAttribute('aria-expanded', 'false');
    button.addEventListener('click', () => open(button));
    button.addEventListener('pointerenter', () => point(button, button.getAttribute('aria-label') + (button.dataset.facts ? '\n' + button.dataset.facts : '')));
    button.addEventListener('pointerleave', leave);
    button.addEventListener('blur', leave);
  });
  rove(buttons, columns, (button, i, isKeyboard) => { if (isKeyboard) point(button, button.getAttribute('aria-label') + (button.dataset.facts ? '\n' + button.dataset.facts : '')); });
  heads.addEventListener('keydown', e => { if (e.key === 'Escape' && opened) close(); });
});

// Pictures: the same picture under each of its maps.
document.querySelectorAll('.picture').forEach(picture => {
  const bases = [...picture.querySelectorAll('.base')];
  bases.slice(1).forEach(image => { image.src = bases[0].src; });
});
document.querySelectorAll('.opacity').forEach(range => range.addEventListener('input', () =>
  range.closest('section').querySelectorAll('.map').forEach(map => { map.style.opacity = range.value / 100; })));

// Tables that are wider than the page are scrolled by keyboard; others need no stop.
const fit = () => document.querySelectorAll('.wide').forEach(box => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute('tabindex'); });
addEventListener('resize', fit);
fit();
showTheme();
})();
