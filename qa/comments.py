"""A plugin of markdown-it for comments of HTML, which an editor hid from readers."""

from __future__ import annotations

from bisect import bisect_left

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline


def without_comments(parser: MarkdownIt) -> None:
    """Leave comments of HTML out of what ``parser`` reads, wherever they are no code."""

    def end_of_comment(state: StateBlock | StateInline, start: int) -> int:
        """Return where the comment that begins there ends; 0 where none begins, or none ends."""
        if not state.src.startswith("<!--", start):
            return 0
        src, after, end = state.env.get("comment", ("", 0, 0))
        if src is not state.src or start < after or 0 <= end < start + 2:
            # Looked for once for all that begin between here and there, however many.
            end = state.src.find("-->", start + 2)
            state.env["comment"] = (state.src, start, end)
        return end + 3 if end >= 0 else 0

    def inline(state: StateInline, silent: bool) -> bool:
        end = end_of_comment(state, state.pos)
        if not 0 < end <= state.posMax:
            return False
        state.pos = end
        return True

    def block(state: StateBlock, first: int, after: int, silent: bool) -> bool:
        if state.is_code_block(first):
            return False
        end = end_of_comment(state, state.bMarks[first] + state.tShift[first])
        last = bisect_left(state.eMarks, end, first, after)
        if not end or last == after:
            return False
        if silent:
            # One that a paragraph can hold is left out of it; one with a blank line ends it.
            return any(state.isEmpty(line) for line in range(first, last))
        behind = state.src[end : state.eMarks[last]]
        if not behind.strip():
            state.line = last + 1
            return True
        if last == first:
            return False
        # What stands behind it on its last line is a block of its own.
        state.bMarks[last], state.tShift[last] = end, len(behind) - len(behind.lstrip())
        state.sCount[last] = state.blkIndent
        state.line = last
        return True

    # Of a paragraph it ends the text, as any block that may follow it at once.
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list", "table"]}
    parser.inline.ruler.before("escape", "comment", inline)
    parser.block.ruler.before("fence", "comment", block, ends)
