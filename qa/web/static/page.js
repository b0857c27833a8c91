// The chat and the marks in the article. All text is set as text: no HTML is ever made from a string.
(() => {
  "use strict";
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const desk = document.querySelector(".desk");
  // Gradio calls the address that the server was asked by, which behind a proxy is not the reader's.
  const config = window.gradio_config;
  if (config?.root) config.root = location.origin + new URL(config.root, location.href).pathname.replace(/\/$/, "");
  const reading = document.querySelector(".reading");
  const asking = document.querySelector(".asking");
  const several = document.querySelectorAll("article[data-article]").length > 1;
  const narrow = matchMedia("(max-width: 56rem)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const CONFIRMING = 229; // the key that ends a composition, which Safari no longer calls one by then

  const say = (name, values = {}) =>
    page.words[name].replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));

  /** A sentence about a question, which has the article's language. */
  const saying = (name, question) => say(name).split(/(\{question\})/).map((part) =>
    part === "{question}" ? h("span", { lang: page.articleLanguage, dir: "auto" }, question) : part);

  /** Make an element: h("p.class", {attributes, onclick}, ...children). Strings become text nodes. */
  const h = (kind, attributes = {}, ...children) => {
    const [tag, ...classes] = kind.split(".");
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const button = (kind, text, onclick, attributes = {}) =>
    h(`button.${kind}`, { type: "button", onclick, ...attributes }, text);

  // ---- theme, and the two panes of a narrow screen

  const theme = document.querySelector(".theme");
  const nameTheme = () => {
    const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    theme.setAttribute("aria-label", say(other));
    theme.title = say(other);
  };
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage is shut: for this visit only */ }
    nameTheme();
  });
  nameTheme();

  const panes = document.querySelectorAll("[data-pane]");
  const show = (pane) => {
    desk.dataset.pane = pane;
    for (const tab of panes) if (tab !== desk) tab.setAttribute("aria-pressed", String(tab.dataset.pane === pane));
  };
  for (const tab of panes) if (tab !== desk) tab.addEventListener("click", () => {
    show(tab.dataset.pane);
    if (tab.dataset.pane === "article") seek();
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    show("chat");
    (document.getElementById("question") ?? asking).focus();
  });

  // ---- the outline follows the reader

  const links = new Map();
  for (const link of document.querySelectorAll(".outline a")) links.set(link.hash.slice(1), link);
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let waiting = false;
  let chosen = null; // the heading that was gone to, until the reader scrolls on
  const follow = () => {
    waiting = false;
    const line = reading.getBoundingClientRect().top + reading.clientHeight / 4;
    const passed = chosen ?? headings.filter((heading) => heading.getBoundingClientRect().top <= line).at(-1);
    for (const [id, link] of links) {
      if (passed && id === passed.id) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  };
  reading.addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(follow);
    waiting = true;
  });
  for (const moved of ["wheel", "touchmove", "keydown"])
    reading.addEventListener(moved, () => { chosen = null; }, { passive: true });
  follow();
  // Followed here: at a shared address Gradio's <base> would make a link to a place one to another page.
  for (const [id, link] of links) link.addEventListener("click", (event) => {
    event.preventDefault();
    const heading = chosen = document.getElementById(id);
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
    follow();
  });

  // ---- marks: laid by offsets into the article's text, counted in code points as the server counts them

  /** The place in a string, in UTF-16 units, of its nth code point. */
  const units = (text, n) => {
    let place = 0;
    while (n-- > 0 && place < text.length) place += text.codePointAt(place) > 0xffff ? 2 : 1;
    return place;
  };

  /** Wrap what stands between two offsets of an article; return the first mark. */
  const mark = (number, start, end, kind) => {
    let first = null;
    for (const block of document.querySelectorAll(`[data-article="${number}"] [data-start]`)) {
      let position = Number(block.dataset.start);
      if (Number(block.dataset.end) <= start || position >= end) continue;
      const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT, (node) =>
        node.parentElement.closest(".back") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (const node of nodes) {
        const length = [...node.data].length;
        const from = Math.max(start - position, 0);
        const to = Math.min(end - position, length);
        position += length;
        if (from >= to) continue;
        const [a, b] = [units(node.data, from), units(node.data, to)];
        const piece = node.splitText(a);
        piece.splitText(b - a);
        const wrapper = h(`mark.${kind}`);
        piece.replaceWith(wrapper);
        wrapper.append(piece);
        for (const side of [wrapper.previousSibling, wrapper.nextSibling])
          if (side?.nodeType === Node.TEXT_NODE && !side.data) side.remove();
        if (!wrapper.parentElement.hidden) first ??= wrapper; // what parts a table's cells is not seen
      }
    }
    return first;
  };

  let marked = null; // the answer whose passages are marked now
  let unseen = false; // whether it was marked while the article was out of sight
  /** Go to what was marked meanwhile. */
  const seek = () => {
    if (unseen && marked) reveal(reading.querySelector("mark.quote") ?? document.getElementById("passage-1"));
    unseen = false;
  };
  const unmark = () => {
    marked = null;
    for (const back of reading.querySelectorAll(".back")) back.remove();
    for (const old of [...reading.querySelectorAll("mark")].reverse()) {
      const parent = old.parentNode;
      old.replaceWith(...old.childNodes);
      parent.normalize();
    }
  };

  let origin = null; // the button that led into the article
  const goBack = (to) => {
    if (!to?.isConnected) return;
    show("chat");
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  };
  reading.addEventListener("keydown", (event) => {
    if (event.key === "Escape") goBack(origin);
  });

  /** Mark an answer's passages, and its quote more strongly. */
  const lay = (answer) => {
    if (marked === answer) return;
    unmark();
    marked = answer;
    unseen = narrow.matches;
    answer.passages.forEach((passage, i) => {
      const first = mark(passage.number, passage.start, passage.end, "passage");
      if (!first) return;
      first.id = `passage-${i + 1}`;
      first.tabIndex = -1;
      first.dataset.n = i + 1;
      const name = `${say("back")} (${i + 1})`;
      const back = button("back", "↩", () => goBack(answer.refs[i]), { "aria-label": name, title: name });
      first.parentElement.append(back);
    });
    if (answer.quote) mark(answer.passages[0].number, answer.quote.start, answer.quote.end, "quote");
  };

  const reveal = (target) => {
    if (!target) return;
    chosen = headings.filter((heading) => heading.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
    follow();
    target.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
  };

  const jump = (answer, i, from) => {
    lay(answer);
    origin = from;
    show("article");
    hideCard();
    unseen = false;
    const target = document.getElementById(`passage-${i + 1}`);
    if (!target) return;
    for (const old of reading.querySelectorAll("mark.here")) old.classList.remove("here");
    target.classList.add("here");
    target.focus({ preventScroll: true });
    reveal((i === 0 && reading.querySelector("mark.quote")) || target);
  };

  // ---- the card that shows a passage's words beside its number

  const card = h("div.card", { id: "card", role: "tooltip", hidden: true });
  let leaving = 0;
  const hideCard = () => {
    card.hidden = true;
    for (const described of asking.querySelectorAll('[aria-describedby="card"]'))
      described.removeAttribute("aria-describedby");
  };
  const showCard = (passage, at) => {
    clearTimeout(leaving);
    hideCard();
    const named = passage.heading || passage.name;
    const path = h("p.path", named ? { lang: passage.language, dir: "auto" } : {}, named || say("lead"));
    card.replaceChildren(path, h("div", { lang: passage.language, dir: "auto" }, ...laid(passage)));
    card.hidden = false;
    at.setAttribute("aria-describedby", "card");
    const box = at.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    // Beside the answer where there is room, so that the answer stays in sight; else above or below.
    const beside = box.left - size.width - 20;
    const above = box.top - size.height - 6;
    const top = beside > 8 ? box.top - size.height / 3 : above > 8 ? above : box.bottom + 6;
    card.style.left = `${beside > 8 ? beside : Math.max(8, Math.min(box.left, innerWidth - size.width - 8))}px`;
    card.style.top = `${Math.max(8, Math.min(top, innerHeight - size.height - 8))}px`;
  };
  const leave = () => { leaving = setTimeout(hideCard, 250); };
  card.addEventListener("mouseenter", () => clearTimeout(leaving));
  card.addEventListener("mouseleave", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideCard();
  });

  // ---- copying

  const put = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // no permission, or no secure address: the old way
      const focused = document.activeElement;
      const area = h("textarea", { readonly: true, "aria-hidden": true });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      focused?.focus({ preventScroll: true });
      return done;
    }
  };
  const copier = (kind, label, text, attributes = {}) => {
    const copy = button(kind, label, async () => {
      const done = await put(text());
      announce(say(done ? "copied" : "copy_failed"));
      copy.classList.toggle("done", done);
      setTimeout(() => copy.classList.remove("done"), 1500);
    }, attributes);
    return copy;
  };
  /** The address of an answer: its question, after those that it leans on, and a passage of it. */
  const link = ({ asked, after }, passage) => {
    const named = new URLSearchParams({ q: asked });
    for (const earlier of after) named.append("after", earlier);
    if (passage) named.set("passage", passage.id);
    // Behind a #: that part of an address stays in the browser, and is in no proxy's log.
    return `${location.origin}${location.pathname}#${named}`;
  };
  const fragment = () => new URLSearchParams(location.hash.slice(1));
  // An address opened where the page is open already, whatever is said there.
  addEventListener("hashchange", () => { if (fragment().has("q")) location.reload(); });
  const place = (passage) => {
    // Where there are several articles, their titles stand before the headings.
    const headings = passage.heading.split(" › ")[0] === passage.article ? [] : [passage.article];
    return [...headings, ...(passage.heading ? [passage.heading] : [])].join(" › ");
  };
  const noAnswer = (answer) => (answer.quote || answer.kind === "more" ? "" : `${say("related")} ${say("closest")}:\n\n`);
  /** Elements that hold a text: a paragraph, or the table or list that the server says it is. */
  const laid = ({ text, layout }) => {
    if (layout?.rows) {
      const line = (row, tag) => h("tr", {}, ...row.map((cell, i) => h(layout.figures.includes(i) ? `${tag}.figure` : tag, {}, cell)));
      return [h("table", {}, line(layout.head, "th"), ...layout.rows.map((row) => line(row, "td")))];
    }
    if (layout?.items)
      return [h("p", {}, layout.introduction), h("ul", {}, ...layout.items.map((item) => h("li", {}, item)))];
    return [h("p", {}, text)];
  };
  /** The same in a few lines without elements. */
  const lines = ({ text, layout }) =>
    layout?.rows ? [layout.head, ...layout.rows].map((row) => row.filter(Boolean).join(" · ")).join("\n") : text;
  const asText = ({ text, layout }, passage, address) => {
    const rows = layout?.rows && [layout.head, ...layout.rows].map((row) => row.join(" | ")).join("\n");
    return `${rows ?? `“${text}”`}\n— ${place(passage)}\n${address}`;
  };
  const plain = (text) => text.replace(/[\\`*_{}[\]()<>#+.!|~&-]/g, "\\$&");
  const asMarkdown = ({ text, layout }, passage, address) => {
    const row = (cells) => `| ${cells.map((cell) => cell.replace(/[\\`*_[\]<>~|&]/g, "\\$&")).join(" | ")} |`;
    const rule = layout?.rows && row(layout.head.map((_, i) => (layout.figures.includes(i) ? "---:" : "---")));
    const written = rule
      ? [row(layout.head), rule, ...layout.rows.map(row)].join("\n> ")
      : plain(text).replaceAll("\n", "  \n> ");
    return `> ${written}\n>\n> — [${plain(place(passage))}](<${address}>)\n`;
  };

  // ---- until Gradio calls for the chat

  const LATE = 20_000; // milliseconds
  const loading = asking.querySelector(".loading");
  loading.textContent = say("loading");
  const late = () => loading.replaceChildren(say("not_loaded"), button("action", say("reload"), () => location.reload()));
  setTimeout(late, LATE);
  // A script that does not arrive says so at once; events of elements come here while they are captured.
  addEventListener("error", (event) => { if (event.target instanceof HTMLScriptElement) late(); }, true);

  // ---- the chat

  const LATER = ["more", "no_more", "place", "sure"]; // about what was asked before
  const SMALL_TALK = ["greeting", "thanks", "farewell", "okay", "help", "byline", "language"];
  const LEANS_ON = 3; // earlier questions that the bot reads a question after, at most
  const MOST_SHOWN = 1000; // passages: as many as the server takes
  const PATIENCE = 60_000; // milliseconds that an answer is waited for: a full queue takes a third of it
  const KEPT = 200; // messages: as far back as the bot looks for the question that "more" is about

  const status = h("div.unseen", { role: "status", "aria-live": "polite", "aria-atomic": "true" });
  /** Have words read out, or a list of words and elements. */
  const announce = (said, region = status) => {
    const before = region.textContent;
    region.replaceChildren(...[said].flat());
    // The same words again are no change, and would not be read out: a blank makes them one.
    if (region.textContent === before) region.append("\u00a0");
  };
  asking.append(status);

  window.articleChat = (element, server) => {
    loading.remove();
    const log = h("div.log");
    const notice = h("p.notice", { hidden: true });
    const field = h("textarea", { id: "question", rows: 1, placeholder: say("placeholder"), autocomplete: "off", dir: "auto" });
    const send = h("button.send", { type: "submit" }, say("send"));
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); ask(field.value, unanswered?.question === field.value.trim() ? unanswered : {}); } },
      h("label.unseen", { for: "question" }, say("field")), field, send);
    const over = button("over", say("over"), () => {
      log.replaceChildren();
      history.length = leanable.length = shown.length = 0;
      // Else a shared question would be asked again on reload. What else the address says is not ours: a private Space's key.
      const address = new URL(location.href);
      address.hash = "";
      for (const name of ["q", "after", "passage"]) address.searchParams.delete(name);
      window.history.replaceState(null, "", address);
      conversation += 1;
      unanswered = null;
      occupy(false);
      unmark();
      origin = null;
      notice.hidden = true;
      welcome();
      field.focus();
    }, { hidden: true });
    const history = [];
    const leanable = []; // the questions in it that a later one can lean on
    const shown = [];
    let unanswered = null; // a question that got no answer, with what it was asked with
    let busy = false;
    // Not "disabled", which would take the focus from whoever pressed it.
    const occupy = (working) => {
      busy = working;
      send.setAttribute("aria-disabled", String(working));
    };
    let turns = 0;
    let conversation = 0;

    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === CONFIRMING) return;
      event.preventDefault();
      form.requestSubmit();
    });
    const chat = element.querySelector(".qa-chat");
    asking.append(chat);
    chat.replaceChildren(
      h("h1.unseen", {}, say("conversation")),
      h("div.talk", { tabindex: 0, role: "region", "aria-label": say("conversation") }, log),
      h("div.foot", {}, notice, form, over), card);
    const talk = chat.querySelector(".talk");

    const offer = (label, questions) =>
      h("div.offer", {}, h("p.label", {}, label), h("ul", {}, ...questions.map((question) =>
        h("li", {}, button("question", question, () => ask(question, { fresh: true }), { lang: page.articleLanguage, dir: "auto" })))));

    const further = async (known, k) => (await server.further({ shown: known.slice(-MOST_SHOWN), k }).catch(() => null)) ?? [];

    const welcome = async () => {
      const box = h("div.welcome", {}, h("p", {}, say("help")));
      log.append(box);
      over.hidden = true;
      const questions = page.starters.length ? page.starters : await further([], 6);
      if (questions.length) box.append(offer(say("starters"), questions));
    };

    const complain = (text, ...actions) => {
      notice.replaceChildren(text, ...actions);
      notice.hidden = false;
      announce(text);
    };

    /** A button that opens the page anew, on a question and those that it may lean on. */
    const reopen = (asked, after) => button("action", say("reload"), () => {
      location.hash = new URL(link({ asked, after })).hash;
      location.reload(); // also where that is the address already
    });

    /** Ask, and show the answer. A fresh question stands alone: nothing said before bears on it. */
    const ask = async (typed, { fresh = false, after = [], passage = null } = {}) => {
      const question = typed.trim();
      if (!question) return;
      if (busy) {
        announce(say("working"));
        return;
      }
      const begun = conversation;
      const said = fresh ? after.map((content) => ({ role: "user", content })) : [...history];
      const length = [...question].length; // in code points, as the server counts them
      if (length > page.limit) {
        complain(say("too_long", { length: length.toLocaleString(page.language), limit: page.limit.toLocaleString(page.language) }));
        return;
      }
      occupy(true);
      notice.hidden = true;
      hideCard();
      const inLog = log.contains(document.activeElement);
      const turn = h("article.turn", { tabindex: -1, "aria-busy": "true", "aria-labelledby": `q${++turns}` },
        h(`h2${question.length > 200 ? ".long" : ""}`, { id: `q${turns}`, lang: page.articleLanguage, dir: "auto" }, question), h("p.working", {}, say("working")));
      const welcoming = log.querySelector(".welcome");
      const offers = [...log.querySelectorAll(".offer")];
      welcoming?.setAttribute("hidden", "");
      for (const old of offers) old.hidden = true;
      log.append(turn);
      over.hidden = false; // a way out, should no answer come
      if (inLog) turn.focus({ preventScroll: true });
      talk.scrollTo({ top: turn.offsetTop - 12, behavior: still.matches ? "auto" : "smooth" });
      const slow = setTimeout(() => announce(say("working")), 1500);
      const sent = { question, history: said, passages_version: page.passagesVersion };
      const none = new Promise((done) => { setTimeout(done, PATIENCE, null); });
      const answer = await Promise.race([server.reply(sent).catch(() => null), none]);
      clearTimeout(slow);
      if (begun !== conversation) return; // started over meanwhile
      occupy(false);
      if (!answer || answer.refused) {
        turn.remove();
        for (const old of offers) old.hidden = false;
        welcoming?.removeAttribute("hidden");
        over.hidden = Boolean(welcoming);
        unanswered = { question, fresh, after, passage };
        if (!field.value.trim()) field.value = question;
        // An answer from another article could not be marked in this one.
        const anew = answer?.refused === "changed" ? [reopen(question, fresh ? after : leanable.slice(-LEANS_ON))] : [];
        complain(say(answer?.refused ?? "gone"), ...anew);
        (anew[0] ?? field).focus();
        return;
      }
      welcoming?.remove();
      for (const old of offers) old.remove();
      unanswered = null;
      if (field.value.trim() === question) field.value = "";
      // "Are you sure?" changes nothing that a later question could lean on, and would push out what does.
      if (fresh) [history.length, leanable.length] = [0, 0]; // an offer begins anew, whatever was said before
      if (answer.kind !== "sure" && answer.kind !== "place")
        history.push(...(fresh ? said : []), { role: "user", content: question }, { role: "assistant", content: answer.quote?.text ?? "" });
      history.splice(0, history.length - KEPT);
      turn.removeAttribute("aria-busy");
      turn.querySelector(".working").remove();
      turn.classList.add(answer.verdict);
      turn.dataset.kind = answer.kind ?? "";
      const later = LATER.includes(answer.kind);
      // What was understood stands alone, unless it leans on what the address names beside it.
      answer.asked = later || !answer.leans ? answer.question : question;
      answer.after = !later && answer.leans ? (fresh ? after : leanable).slice(-LEANS_ON) : [];
      if (!later && !SMALL_TALK.includes(answer.kind)) leanable.push(...(fresh ? after : []), question);
      answer.refs = render(turn, question, answer, later);
      announce(spoken(answer));
      const verdict = turn.querySelector(".verdict");
      if (verdict.offsetTop - turn.offsetTop > talk.clientHeight / 2)
        talk.scrollTo({ top: verdict.offsetTop - 48, behavior: still.matches ? "auto" : "smooth" });
      if (answer.passages.length) lay(answer);
      else unmark();
      if (answer.verdict === "answered" && !narrow.matches) reveal(reading.querySelector("mark.quote"));
      const wanted = passage ? answer.passages.findIndex((p) => p.id === passage) : -1;
      if (wanted >= 0) jump(answer, wanted, answer.refs[wanted]);
      shown.push(...answer.passages.map((p) => p.id));
      if (answer.kind === "thanks" || answer.kind === "farewell") return;
      const opens = answer.kind === "greeting" || answer.kind === "help";
      const off = answer.verdict === "off_topic" && answer.kind !== "okay";
      let leads = await further(shown, off ? 2 : 3);
      if (off && leads.length < 2) leads = await further([], 2);
      const label = opens ? "starters" : off ? "instead" : "further";
      if (leads.length && turn === log.lastElementChild) turn.append(offer(say(label), leads));
    };

    /** What an answer opens with: its verdict, or what else it is. "sure" asks for the figure beside it. */
    const opening = (answer) => say(answer.kind && answer.kind !== "sure" ? answer.kind : answer.verdict);

    /** What is known of each article, for who asks after its title, author, date or source. */
    const byline = () => page.articles.map(({ title, author, published, source, linked, language }) => {
      const own = (text) => h("span", { lang: language, dir: "auto" }, text);
      const from = linked ? h("a", { href: source, target: "_blank", rel: "noopener noreferrer" }, source) : own(source);
      return h("p.byline", {}, own(`“${title}”`), " · ", author ? own(author) : say("no_author"),
        " · ", published ? own(published) : say("no_date"), " · ", source ? from : say("no_source"));
    });

    const figure = (answer) =>
      say(answer.verdict === "answered" ? "figure" : "figure_no", { percent: answer.percent });

    /** What a passage is called, in its language; the page's word for how an article begins. */
    const headed = ({ name, language }) =>
      h("span.heading", name ? { lang: language, dir: "auto" } : {}, name || say("lead"));

    const spoken = (answer) => {
      const sure = answer.kind === "about" ? "" : answer.kind === "sure" ? figure(answer) : `${say(answer.sure)}.`;
      if (answer.quote) {
        const text = lines(answer.quote);
        const words = h("span", { lang: answer.passages[0].language }, text);
        return [`${opening(answer)}: `, words, `${/[.!?…。！？]["”’»]?$/.test(text) ? "" : "."} ${sure}`];
      }
      if (answer.kind === "byline") return [`${opening(answer)}: `, ...byline()];
      if (!answer.passages.length) return opening(answer);
      const headings = answer.passages.flatMap((p, i) => [i ? "; " : "", headed(p)]);
      if (answer.kind === "more") return [`${opening(answer)}: `, ...headings, "."];
      return [`${opening(answer)} ${answer.kind === "sure" ? sure : ""} ${say("closest")}: `, ...headings, "."];
    };

    /** Fill a turn with its answer; return the numbered buttons. */
    const render = (turn, question, answer, later) => {
      if (answer.question !== question.normalize("NFC").split(/\s+/).join(" "))
        turn.append(h("p.understood", {}, ...saying(later ? "earlier" : "understood", answer.question)));
      turn.append(h("p.verdict", {}, opening(answer)), ...(answer.kind === "byline" ? byline() : []));
      if (!answer.passages.length) {
        if (page.feedback && answer.verdict === "off_topic" && !answer.kind)
          turn.append(h("div.actions", {}, rate(answer)));
        return [];
      }
      const [first] = answer.passages;
      if (answer.quote) {
        const { text, before, after, layout } = answer.quote;
        const size = layout ? "" : text.length < 40 ? ".short" : text.length > 240 ? ".long" : "";
        // A table may be wider than the page, and what scrolls is reached by the keyboard.
        const wide = layout?.rows ? { tabindex: 0, role: "group", "aria-label": layout.head.filter(Boolean).join(", ") } : {};
        turn.append(h(`blockquote${size}`, { lang: first.language, dir: "auto", ...wide }, ...laid(answer.quote)));
        if (text.length < 80 && (before + after).trim().length > 1)
          turn.append(h("p.context", { lang: first.language, dir: "auto" }, before, h("b", {}, text), after));
      } else if (answer.kind !== "more") turn.append(h("p.label", {}, say("closest")));
      const refs = [];
      turn.append(h("ol.refs", {}, ...answer.passages.map((passage, i) => reference(answer, passage, i, refs))));
      if (answer.kind !== "about" && answer.kind !== "more")
        turn.append(h("details.sure", { open: answer.kind === "sure" }, h("summary", {}, say(answer.sure)),
          h("p", {}, figure(answer))));
      const linked = answer.kind !== "more"; // an address opens on a question's first answer
      const words = answer.quote ?? first;
      const source = answer.quote?.source || first.source;
      turn.append(h("div.actions", {},
        copier("action", say("copy"), () => noAnswer(answer) + asText(words, first, link(answer))),
        copier("action", say("copy_markdown"), () => noAnswer(answer) + asMarkdown(words, first, link(answer))),
        linked ? copier("action", say("copy_link"), () => link(answer)) : null,
        source ? h("a.action", { href: source, target: "_blank", rel: "noopener noreferrer" }, say("source")) : null,
        page.feedback && answer.kind !== "about" && answer.kind !== "more" ? rate(answer) : null));
      return refs;
    };

    const reference = (answer, passage, i, refs) => {
      const number = i + 1;
      const heading = headed(passage);
      const of = several && passage.name !== passage.article ? [passage.article] : []; // one of several articles
      const ref = h("button.ref", {
        type: "button",
        onclick: () => jump(answer, i, ref),
        "aria-label": say("show", { number, heading: [heading.textContent, ...of].join(", ") }),
      }, h("span.n", { "aria-hidden": true }, String(number)), heading);
      for (const title of of) ref.append(h("span.of", { lang: passage.language, dir: "auto" }, title));
      if (answer.verdict === "related") {
        const id = `words-${turns}-${number}`;
        ref.append(h("span.words", { id, lang: passage.language, dir: "auto" }, lines(passage)));
        ref.setAttribute("aria-describedby", id);
      } else {
        ref.addEventListener("mouseenter", () => showCard(passage, ref));
        ref.addEventListener("mouseleave", leave);
        ref.addEventListener("focus", () => { if (ref.matches(":focus-visible")) showCard(passage, ref); });
        ref.addEventListener("blur", hideCard);
      }
      refs.push(ref);
      return h("li", {}, ref,
        answer.kind === "more" ? null
          : copier("small.link", "", () => link(answer, passage), { "aria-label": say("copy_passage_link", { number }), title: say("copy_passage_link", { number }) }),
        passage.source ? h("a.small.away", { href: passage.source, target: "_blank", rel: "noopener noreferrer", "aria-label": say("source_passage", { number }), title: say("source_passage", { number }) }) : null);
    };

    /** Thumbs, where the operator keeps feedback: with a word, if one is given. */
    const rate = (answer) => {
      const box = h("span.rate", { role: "group", "aria-label": say("feedback") });
      const give = (helpful) => async () => {
        const body = {
          question: answer.question, verdict: answer.verdict, helpful,
          passage_ids: answer.passages.map((p) => p.id), passages_version: page.passagesVersion,
        };
        /** Send it; return the name of what is to be said then. */
        const post = (comment) => fetch("api/feedback", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...body, comment }),
        }).then(({ ok, status }) => (ok ? "feedback_thanks" : status === 409 ? "changed" : "gone_feedback"), () => "gone_feedback");
        const word = h("input", { type: "text", maxlength: 500, "aria-label": say("comment"), placeholder: say("comment") });
        // The thumb counts at once; a word that follows is sent with it again, whether that was kept or not.
        const kept = post("");
        const told = h("span", { role: "status" });
        kept.then((said) => announce(say(said), told));
        const finish = async (event) => {
          event.preventDefault();
          const comment = word.value.trim();
          let said = await kept;
          if (comment || said !== "feedback_thanks") said = await post(comment);
          if (said !== "feedback_thanks") {
            announce(say(said), told);
            return;
          }
          const end = h("span", { tabindex: -1 }, say(said));
          box.replaceChildren(end);
          end.focus(); // which reads it out
        };
        box.replaceChildren(told, h("form.comment", { onsubmit: finish }, word, h("button.action", { type: "submit" }, say("feedback_send"))));
        word.focus();
      };
      box.append(button("small.up", "", give(true), { "aria-label": say("helpful"), title: say("helpful") }),
        button("small.down", "", give(false), { "aria-label": say("unhelpful"), title: say("unhelpful") }));
      return box;
    };

    welcome();
    // Addresses were shared with their question in the query before.
    const named = fragment().has("q") ? fragment() : new URLSearchParams(location.search);
    const asked = named.get("q") ?? "";
    if (asked.trim()) {
      show("chat");
      ask(asked, { fresh: true, after: named.getAll("after").slice(-LEANS_ON), passage: named.get("passage") });
    }
  };
})();
