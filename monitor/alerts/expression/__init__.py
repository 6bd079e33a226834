"""The language of conditions: small, typed, without side effects, loops or recursion.

::

    condition = compile_condition('state == "paused" and time_in_state > 30m', "agent")   # RuleError tells where
    truth, changes_at = condition.judge(agent, now)

A text becomes a tree (:mod:`parser <monitor.alerts.expression.parser>`), the tree is checked (``checking``) and becomes
functions (``compiling``, ``running``).
"""

from __future__ import annotations

from monitor.alerts.expression.condition import Condition, Judgement, compile_condition

__all__ = ["Condition", "Judgement", "compile_condition"]
