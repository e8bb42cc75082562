"""Every verdict's words, and the role × source × action table, as both interpreters read them."""

from latchkey.core import codes, policy, words


def main():
    for verdict in range(80):
        print(verdict, codes.is_accepted(verdict), words.verdict_name(verdict))
    for action in range(1, 13):
        for source in range(1, 7):
            print(action, source, [policy.permission(source, role, action) for role in range(9)])
