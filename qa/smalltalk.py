"""Greetings, thanks and "what is this about?": what people say to a chat besides questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from qa.article import Article
from qa.words import unmarked

Kind = Literal["greeting", "thanks", "farewell", "okay", "help", "byline", "about"]

COURTESIES: tuple[Kind, ...] = ("okay", "greeting", "thanks", "farewell")
"""Kinds that are often said beside others. Of several, the last of these here is replied to."""

POINT = r"(?<!\b\w)(?<!\bno)(?<!\b[dm]r)(?<!\bms)(?<!\bst)(?<!\bmrs)(?<!\bprof)\."
"""A point that ends something, and is not that of "No. 5", "Dr. No", "John F. Kennedy" or "U.S."."""

CLAUSE = re.compile(rf"\S.*?(?:(?:[,:!?;。！？，]|{POINT})++(?=\s|$)|$)", re.I)
"""A part of a message, with the marks that end it."""

EMOJI = re.compile(
    r"(?:[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f1e6-\U0001faff]"
    r"[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]*|(?<!\S)[:;]-?[)(DPp](?!\w))"
)
"""A picture or a face, with what makes it another colour or joins it to the next."""

VAGUE = re.compile(
    r"(so )?(what('s| is| does) (this|it)( talk| say)?( all)?"
    r"|what('s| is) the (main )?(topic|subject|point|gist)"
    r"|who (wrote|has written|published) it"
    r"|(when|where|by whom|(on )?(what|which) (date|day|year)) was it (written|published|posted)"
    r"|how does this work)"
)
"""Asks about the article where nothing was said before, and else about what was said."""

ARTICLE = r"(this|the)( original)? (article|story|text|piece|page|post)"
SELF = rf"({ARTICLE}|this|it)"
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "greeting",
        re.compile(
            r"(hi|hello|hey|hiya|yo|greetings|good (morning|afternoon|evening|day))"
            r"( there| again| all| everyone| bot| chat ?bot)?( how are you( doing)?( today)?)?"
            r"|how are you( doing)?( today)?"
            r"|hallo|guten (morgen|tag|abend)|bonjour|bonsoir|salut|hola|buen[oa]s (días|dias|tardes)"
            r"|привет|здравствуйте|добрый день|你好|您好|안녕하세요"
        ),
    ),
    (
        "thanks",
        re.compile(
            r"((ok|okay|great|cool|perfect|got it|no) )?(many )?(thanks?|thank you|thx|ty|cheers)( you)?"
            r"( (so|very) much| a lot| again| mate| in advance)*"
            r"( for (your|the|this|that) (help|answers?|info|information))?"
            r"|danke( schön)?|vielen dank|merci( beaucoup)?|(muchas )?gracias"
            r"|спасибо( большое)?|谢谢|감사합니다"
        ),
    ),
    (
        "farewell",
        re.compile(
            r"((ok|okay|thanks|thank you) )*((good ?)?bye( bye)?|see you( later)?|good ?night)"
            r"|tschüss|auf wiedersehen|au revoir|adiós|adios|hasta luego|до свидания|пока|再见|안녕히 계세요"
        ),
    ),
    (
        "okay",
        re.compile(
            r"((oh|ah|hm+|ok|okay) )*(ok|okay|alright|all right|great|cool|nice|good|perfect|excellent|fine"
            r"|wow|interesting|right|i see|got it|understood|makes sense|good to know|yes|yeah|yep|no|nope|oh"
            r"|aha|hm+|lol|haha)( (ok|okay|then|great|cool))?"
            r"|((that|this|it|you)('s|'re| is| are| was) )?((very|so|really|quite) )?"
            r"(helpful|useful|useless|stupid|silly|dumb|amazing|awesome|awful|terrible|nonsense|rubbish)"
            r"|that helps|never ?mind|nvm|forget (it|that)|cool story( bro)?"
            r"|i (don't|do not) (understand|get it)|(what do you|i don't know what you) mean"
            r"|(good|great|nice|excellent|perfect) (answer|job|work)"
            r"|that('s| is| was|'ll be| will be) all( (for now|i wanted( to know)?))?"
            r"|please|pls|sorry|excuse me|((just )?(a|one( more)?|another) )?(quick )?question|by the way|btw"
        ),
    ),
    (
        "help",
        re.compile(
            r"((can|could|will|would) you )?(please )?help( me)?( please)?"
            r"|(who|what) (are|r) you|who made you|are you real|how (accurate|reliable|smart|good) are you"
            r"|what (questions )?(can|could|should) (you do|i ask)( you)?( here)?"
            r"|where do you (get|take) (your|the|this) (information|info|answers?|data|knowledge)( from)?"
            r"|((can|do) you )speak [a-z]+"
            # It has no opinion: answers are the article's words.
            r"|what((('s| is)( in)?|( are)) your (opinion|view|thoughts?|take)s?)( (on|about|of) .+)?"
            r"|what do you (think|feel)( (of|about) .+)?|do you (like|love|hate|support|agree with) .+"
            r"|how (does this|do you)( chat| page| thing)? work"
            r"|(are you|am i talking to|is this) (a |an )?(real )?"
            r"(chat ?bot|bot|robot|human|person|machine|ai|chat ?gpt)"
            r"|hilfe|aide|ayuda|помощь|帮助|도움말"
        ),
    ),
    (
        "byline",
        re.compile(
            rf"who (wrote|has written|published) {SELF}"
            rf"|(who('s| is| are| was)? )?(the )?(author|writer)s?( of {ARTICLE})?|byline"
            rf"|((when|where|by whom)|(on )?(what|which) (date|day|year)) was {SELF}"
            r" (written|published|posted)"
            rf"|(what('s| is) )?(the )?(publication date|date of {SELF})"
            rf"|what('s| is) the (title|headline)( of {ARTICLE})?"
            rf"|((what|where)('s| is| are) )?(the )?(sources?|link|url|address) (of|for|to) {ARTICLE}"
            rf"|when did {ARTICLE} come out|when was {ARTICLE} (last )?updated|how old is {ARTICLE}"
            rf"|(what|which) (newspaper|paper|website|site|magazine|outlet) (is|was) {SELF}"
            r" (from|published in|in)"
            rf"|where('s| is) {ARTICLE} from|what('s| is) {ARTICLE} called|what('s| is) the name of {ARTICLE}"
            # What is known of it is all that can be said to that.
            rf"|is {ARTICLE} (true|accurate|reliable|biased|trustworthy|real|fake|objective|neutral|correct)"
            rf"|can (i|we|you) trust {ARTICLE}|how (true|accurate|reliable|trustworthy|biased) is {ARTICLE}"
        ),
    ),
    (
        "about",
        re.compile(
            r"(so )?(what('s| is| does) (this|the|it)( article| text| page| story)?"
            r"( talk| say)?( all)?( about)?"
            r"|what am i reading"
            r"|((give|tell) me |what are |what('s| is) )?(the )?((main|key|central) )?(points|takeaways?)"
            r"( of (this|the) (article|story|text))?"
            r"|(what('s| is) )?(the )?(main|key|central) (idea|argument|message|thesis)"
            r"( of (this|the) (article|story|text))?"
            r"|(((can|could) you )?(please )?(give me )?|(can|could) i (get|have) )"
            r"(an? |the )?((short|brief|quick) )?(summary|overview)"
            r"( of (this|it|(this|the) (article|story|text|page)))?( please)?"
            r"|what('s| is) the (main )?(topic|subject|point|gist)( of (this|the)( article| text| story)?)?"
            r"|tl ?dr|((can|could) you )?(please )?(summari[sz]e|sum up)( this| it)?( the)?"
            r"( article| text| page)?"
            r"( in (a|one|two|three|four|five|a few|\d+) ((bullet|key|main) )?"
            r"(words?|sentences?|lines?|points?|bullets?))?( for me)?( please)?)"
        ),
    ),
)

REPLIES: dict[Kind, str] = {
    "greeting": "Hello. Ask about the article, and it answers in its own words.",
    "thanks": "You are welcome. Ask again whenever you like.",
    "farewell": "Goodbye.",
    "okay": "All right. Ask again whenever you like.",
    "help": (
        "Answers are the article’s own words, shown where they stand. "
        "If the article does not say, you are told so."
    ),
    "about": "This is how the article begins:",
}


def byline_of(articles: Sequence[Article]) -> str:
    """Say what each article is called, and its author, date and source, as far as they are known."""
    lines = []
    for article in articles:
        known = [f"by {article.author}"] if article.author else []
        known += [f"published {article.published}"] if article.published else []
        known += [f"source: {article.source}"] if article.source else []
        unknown = "who wrote it, and when it was published, is not known here"
        lines.append(f"“{article.title}”: {', '.join(known) or unknown}.")
    return " ".join(lines)


def kind_of(text: str, *, opens: bool = True) -> Kind | None:
    """Say which kind of small talk a message is, or None if it is a question, or holds one.

    ``opens`` says that nothing was said before: "what is it?" then means the article.
    """
    if text.strip() and not EMOJI.sub("", text).strip():
        return "okay"
    kinds = [_kind_of_clause(text, opens=opens)]
    if kinds == [None]:
        kinds = [_kind_of_clause(part, opens=opens) for part in CLAUSE.findall(text)]
    # "Hi, what is this about?" is no greeting.
    said = [kind for kind in kinds if kind is not None]
    return max(said, key=(*COURTESIES, *said).index) if said and len(said) == len(kinds) else None


def _kind_of_clause(text: str, *, opens: bool) -> Kind | None:
    plain = re.sub(r"^(and|but|well|now) ", "", unmarked(text))
    if not opens and VAGUE.fullmatch(plain):
        return None
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(plain)), None)
