/**
 * What the page does beyond being read: moves the moment, unfolds everything for print, and, where it is served, follows the log. It
 * only writes text, and elements without attributes from the log. In plain JavaScript, as browsers run it.
 */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  let data, at, range;
  const put = (name, text) => { byId('moment-' + name).textContent = text; };

  function read() {
    data = JSON.parse(byId('data').textContent);
    range = byId('range');
    range.max = String(data.moments.length - 1);
    for (const id of ['bar', 'moment-note']) byId(id).hidden = id !== 'bar';
    document.body.classList.add('moving');
  }

  function show(index, then) {
    at = Math.max(0, Math.min(index, data.moments.length - 1));
    const moment = data.moments[at];
    range.value = String(at);
    range.setAttribute('aria-valuetext', 'record ' + moment.seq + ', ' + moment.what);
    byId('previous').disabled = at === 0;
    byId('next').disabled = at === data.moments.length - 1;
    put('what', moment.what);
    put('place', 'record ' + moment.seq + ', ' + (at + 1) + ' of ' + data.moments.length);
    put('when', moment.when);
    for (const name of ['state', 'owed', 'held', 'target']) put(name, moment[name]);
    showSlots(moment, data.moments[at - 1]);
    showEnvironment(data.environments[moment.environment]);
    showChart(moment);
    showRecord(moment, then);
  }

  function showSlots(moment, before) {
    data.slots[moment.slots].forEach((cells, row) => {
      const line = byId('slots').tBodies[0].rows[row];
      const old = before === undefined ? cells : data.slots[before.slots][row];
      line.classList.toggle('changed', cells.join('|') !== old.join('|'));
      cells.forEach((cell, column) => { line.cells[column + 1].textContent = cell; });
    });
  }

  function showEnvironment({ read, variables }) {
    put('read', read);
    byId('variables').replaceChildren(...variables.map(([name, value]) => {
      const item = document.createElement('li');
      const code = document.createElement('code');
      code.textContent = name + '=' + value;
      item.append(code);
      return item;
    }));
  }

  function showChart(moment) {
    for (const part of document.querySelectorAll('.chart [data-seq]')) {
      part.classList.toggle('later', Number(part.dataset.seq) > moment.seq);
    }
    for (const state of document.querySelectorAll('.chart [data-state]')) {
      const here = state.dataset.state === moment.state;
      state.classList.toggle('here', here);
      state.classList.toggle('open', Number(state.dataset.last) > moment.seq);
      if (here) state.classList.remove('later');
    }
  }

  function showRecord(moment, then) {
    const now = byId('r' + moment.seq);
    for (const item of document.querySelectorAll('.records [aria-current]')) item.removeAttribute('aria-current');
    if (now === null) return;
    now.setAttribute('aria-current', 'true');
    const fold = now.closest('.fold');
    if (fold !== null) fold.setAttribute('aria-current', 'true');
    if (then === 'look') now.scrollIntoView({ block: 'center' });
  }

  const indexOf = (seq) => data.moments.findIndex((moment) => moment.seq === seq);

  function listen() {
    range.addEventListener('input', () => show(Number(range.value)));
    byId('previous').addEventListener('click', () => show(at - 1));
    byId('next').addEventListener('click', () => show(at + 1));
    byId('records').addEventListener('click', (event) => {
      const link = event.target.closest('a.seq');
      if (link === null) return;
      event.preventDefault();
      show(indexOf(Number(link.textContent)));
    });
  }

  document.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest('input, pre, .scroll') !== null) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: data.moments.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });

  let unfolded = [];
  let before = 0;
  addEventListener('beforeprint', () => {
    before = at;
    show(data.moments.length - 1);
    unfolded = [...document.querySelectorAll('details:not([open])')];
    for (const one of unfolded) one.open = true;
  });
  addEventListener('afterprint', () => { for (const one of unfolded) one.open = false; show(before); });

  read();
  listen();
  const linked = indexOf(Number(location.hash.slice(2)));
  if (linked === -1) show(data.moments.length - 1);
  else show(linked, 'look');

  const live = byId('page').dataset.live;
  if (live === undefined) return;

  const told = byId('live');
  let known = data.version;
  async function follow() {
    if (!data.unfinished) { told.textContent = 'The operation is closed.'; return; }
    try {
      const { version } = await (await fetch(live + '/version')).json();
      if (version !== known) await take(await (await fetch(location.pathname)).text());
      told.textContent = 'Following the log.';
    } catch {
      told.textContent = 'The server does not answer: this is what the log said last.';
    }
    setTimeout(follow, 1000);
  }

  /** Takes over what is new, and leaves alone what is open, focused or looked at. */
  async function take(text) {
    const page = new DOMParser().parseFromString(text, 'text/html');
    const atEnd = at === data.moments.length - 1;
    const seq = data.moments[at].seq;
    for (const id of ['top', 'story', 'picture', 'changes', 'data']) {
      const [old, now] = [byId(id), page.getElementById(id)];
      if (old !== null && now !== null) old.replaceWith(document.adoptNode(now));
    }
    const list = byId('records');
    for (const item of [...page.getElementById('records').children]) {
      const old = item.id === '' ? null : byId(item.id);
      if (old === null) list.append(document.adoptNode(item));
      else if (old.querySelectorAll('li').length !== item.querySelectorAll('li').length) {
        const open = old.querySelector('details').open;
        const now = document.adoptNode(item);
        now.querySelector('details').open = open;
        old.replaceWith(now);
      }
    }
    read();
    known = data.version;
    show(atEnd ? data.moments.length - 1 : Math.max(0, indexOf(seq)));
  }
  void follow();
})();
`.trim();
