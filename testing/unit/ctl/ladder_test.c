/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cygnetctl explain prints, as it stands on paper. */
#include "ctl/ladder.h"

#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

/* Print the entries (one JSON object per line) on paper of that width. */
static char *print(unsigned width, bool utf8, bool colour, const char *entries)
{
    char *text = NULL;
    size_t size = 0;
    setenv("TZ", "UTC", 1);
    struct paper paper = {
        .out = open_memstream(&text, &size), .width = width, .utf8 = utf8, .colour = colour
    };
    assert_non_null(paper.out);
    struct ladder *ladder = ladder_new(&paper);
    while (*entries != '\0') {
        json_t *entry = json_loads(entries, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(entry);
        ladder_entry(ladder, entry);
        json_decref(entry);
        entries = strchr(entries, '\n') + 1;
    }
    ladder_pause(ladder);
    ladder_free(ladder);
    fclose(paper.out);
    return text;
}

static void check(unsigned width, bool utf8, const char *entries, const char *want)
{
    char *got = print(width, utf8, false, entries);
    if (strcmp(got, want) != 0) {
        print_message("%s", got);
    }
    assert_string_equal(got, want);
    free(got);
}

#define COMMON                                                                 \
    "\"negotiation\":\"7\",\"peer\":\"branch7\",\"local\":\"192.0.2.1[500]\"," \
    "\"remote\":\"198.51.100.7[500]\",\"role\":\"responder\","
#define MESSAGE(time, direction, exchange, id, bytes, more)                                       \
    "{" COMMON "\"kind\":\"message\",\"time\":\"1700000000." time "\",\"direction\":\"" direction \
    "\",\"exchange\":\"" exchange "\",\"message-id\":\"" id "\",\"bytes\":\"" bytes "\"" more     \
    "}\n"
#define DECISION(text, more)                                                                     \
    "{" COMMON "\"kind\":\"decision\",\"time\":\"1700000000.010000\",\"text\":\"" text "\"" more \
    "}\n"
#define END(time, result, text, more)                                                   \
    "{" COMMON "\"kind\":\"end\",\"time\":\"1700000000." time "\",\"result\":\"" result \
    "\",\"text\":\"" text "\"" more "}\n"

/* clang-format off */
#define REFUSED                                                                                   \
    MESSAGE("000000", "received", "main mode", "00000000", "204",                                 \
            ",\"payloads\":[\"SA: IPSEC, 1 proposal\",\"  P 1: ISAKMP\",\"VID: DPD\",\"VID: NAT-T\",\"padding: 3 bytes\"]") \
    DECISION(                                                                                     \
        "The peer offers 3des-sha1-modp1024, we allow aes256-sha256-modp2048: nothing agrees.",   \
        ",\"reason\":\"DIFFERS_ALL\",\"mend\":\"Add it to the proposals here, or let the peer "   \
        "offer what is allowed.\",\"compare\":{\"what\":\"proposals\",\"ours\":["                 \
        "\"aes256-sha256-modp2048\",\"aes128-sha1-modp2048\"],\"theirs\":["                       \
        "\"3des-sha1-modp1024\"],\"differs\":[\"cipher\",\"group\"]}")                            \
    MESSAGE("012000", "sent", "informational", "1a2b3c4d", "40",                                  \
            ",\"payloads\":[\"N: NO-PROPOSAL-CHOSEN\"]")                                          \
    END("012500", "failed", "None of the 1 IKE proposals that the peer offers is allowed here.",  \
        ",\"reason\":\"NO_PROPOSAL_IKE\"")
/* clang-format on */

static void test_a_refusal_shows_both_sides_and_what_to_change(void **state)
{
    (void)state;
    check(80, true, REFUSED,
          "branch7, negotiation 7, 2023-11-14 22:13:20, begun by the peer\n"
          "\n"
          "          us 192.0.2.1[500]                           198.51.100.7[500] the peer\n"
          "   0.000  │◀─ MM1  SA, 2 VID ───────────────────────────────────── 204 bytes ──│\n"
          "          │  · The peer offers 3des-sha1-modp1024, we allow                    │\n"
          "          │    aes256-sha256-modp2048: nothing agrees.                         │\n"
          "   0.012  │── INFO  N NO-PROPOSAL-CHOSEN ────────────────────────── 40 bytes ─▶│\n"
          "\n"
          "✗ Failed after 0.013 s\n"
          "\n"
          "  proposals that differ in cipher, group\n"
          "    here                                  the peer\n"
          "    aes256-sha256-modp2048                3des-sha1-modp1024\n"
          "    ^^^^^^ ^^^^^^ ^^^^^^^^                ^^^^      ^^^^^^^^\n"
          "    aes128-sha1-modp2048\n"
          "    ^^^^^^      ^^^^^^^^\n"
          "\n"
          "  What happened   None of the 1 IKE proposals that the peer offers is allowed\n"
          "                  here.\n"
          "  What to change  Add it to the proposals here, or let the peer offer what is\n"
          "                  allowed.\n");
}

/* Quick modes beside each other, messages sent again, a terminal that knows ASCII only. */
#define TOLD(text, mend, compare) \
    DECISION(text, ",\"reason\":\"PFS_LACKING\",\"mend\":\"" mend "\"" compare)
#define BOTH \
    ",\"compare\":{\"what\":\"proposals\",\"ours\":[\"x\"],\"theirs\":[\"y\"],\"differs\":[]}"
#define DECIDED \
    END("020000", "failed", "Nothing fits.", ",\"reason\":\"NO\",\"mend\":\"Add any of them.\"")

static void check_advice(const char *entries, const char *want)
{
    char *got = print(78, false, false, entries);
    if (strstr(got, want) == NULL) {
        fail_msg("no %s in %s", want, got);
    }
    free(got);
}

static void test_the_one_pair_compared_says_what_to_change(void **state)
{
    (void)state;
    check_advice(TOLD("One.", "Switch PFS on.", BOTH) DECIDED, "What to change  Switch PFS on.");
    check_advice(TOLD("One.", "Switch PFS on.", BOTH) TOLD("Two.", "Or off.", BOTH) DECIDED,
                 "What to change  Add any of them.");
    check_advice(TOLD("One.", "Switch PFS on.", "") DECIDED, "What to change  Add any of them.");
}

static void test_a_success_in_ascii(void **state)
{
    (void)state;
    static const char entries[] =
        /* clang-format off */
        MESSAGE("000000", "sent", "main mode", "00000000", "172", "")
        MESSAGE("400000", "sent", "main mode", "00000000", "172", ",\"resent\":\"yes\"")
        MESSAGE("410000", "received", "main mode", "00000000", "120", ",\"payloads\":[\"SA\"]")
        MESSAGE("500000", "sent", "quick mode", "000000aa", "300", "")
        MESSAGE("510000", "sent", "quick mode", "000000bb", "300", "")
        MESSAGE("520000", "received", "quick mode", "000000bb", "300", "")
        MESSAGE("530000", "received", "quick mode", "000000aa", "300", "")
        "{" COMMON "\"kind\":\"up\",\"time\":\"1700000000.54\",\"text\":\"Caf\u00e9 is up.\"}\n"
        END("600000", "up", "The peer is up.", "");
    /* clang-format on */
    check(64, false, entries,
          "branch7, negotiation 7, 2023-11-14 22:13:20, begun by the peer\n"
          "\n"
          "          us 192.0.2.1[500]           198.51.100.7[500] the peer\n"
          "   0.000  |-- MM1 -------------------------------- 172 bytes ->|\n"
          "   0.400  |-- MM1 again -------------------------- 172 bytes ->|\n"
          "   0.410  |<- MM2  SA ---------------------------- 120 bytes --|\n"
          "   0.500  |-- QM1 -------------------------------- 300 bytes ->|\n"
          "   0.510  |-- QM1 #2 ----------------------------- 300 bytes ->|\n"
          "   0.520  |<- QM2 #2 ----------------------------- 300 bytes --|\n"
          "   0.530  |<- QM2 -------------------------------- 300 bytes --|\n"
          "          |  + Caf? is up.                                     |\n"
          "\n"
          "+ Up after 0.600 s\n"
          "  The peer is up.\n");
}

/* Identities and flows are compared by place; what is long goes on in its column. */
static void test_long_values_go_on_in_their_column(void **state)
{
    (void)state;
    static const char entries[] =
        /* clang-format off */
        DECISION("No flow.",
                 ",\"compare\":{\"what\":\"flows\",\"ours\":[\"10.1.0.0/16 === 10.2.0.0/16\"],"
                 "\"theirs\":[\"10.2.0.0/16 === 10.2.0.0/16\",\"2001:db8:1111:2222::/64 === "
                 "2001:db8:3333:4444::/64\"]}")
        END("700000", "failed", "The peer asks for a flow that nobody here has.", "");
    /* clang-format on */
    check(64, true, entries,
          "branch7, negotiation 7, 2023-11-14 22:13:20, begun by the peer\n"
          "             · No flow.\n"
          "\n"
          "✗ Failed after 0.690 s\n"
          "\n"
          "  flows that differ\n"
          "    here                          the peer\n"
          "    10.1.0.0/16 === 10.2.0.0/16   10.2.0.0/16 === 10.2.0.0/16\n"
          "    ^^^^^^^^^^^                   ^^^^^^^^^^^\n"
          "                                  2001:db8:1111:2222::/64 ===\n"
          "                                  ^^^^^^^^^^^^^^^^^^^^^^^\n"
          "                                  2001:db8:3333:4444::/64\n"
          "                                  ^^^^^^^^^^^^^^^^^^^^^^^\n"
          "\n"
          "  What happened   The peer asks for a flow that nobody here has.\n");
}

static void test_colour_only_where_it_is_asked_for(void **state)
{
    (void)state;
    char *plain = print(80, true, false, REFUSED), *coloured = print(80, true, true, REFUSED);
    assert_null(strchr(plain, '\033'));
    assert_non_null(strstr(coloured, "\033[31m3des\033[0m-sha1-\033[31mmodp1024\033[0m"));
    assert_non_null(strstr(coloured, "\033[31m✗"));
    free(plain);
    free(coloured);
}

/* The daemon escapes what is foreign (H-181); what it forgot does not reach the terminal either. */
static void test_control_characters_do_not_get_out(void **state)
{
    (void)state;
    char *text = print(80, true, false, DECISION("a\\u001b[2Jb\\u0007c\\u007fd", ""));
    assert_non_null(strstr(text, "a?[2Jb?c?d"));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void test_a_peer_without_name_has_its_address(void **state)
{
    (void)state;
    char *got = print(78, false, false,
                      "{\"negotiation\":\"9\",\"remote\":\"2001:db8::7[500]\",\"time\":\"1\","
                      "\"kind\":\"decision\",\"text\":\"No.\"}\n");
    assert_non_null(strstr(got, "unknown peer at 2001:db8::7, negotiation 9,"));
    free(got);
}

#define UNREAD ",\"reason\":\"MESSAGE_UNREAD\""

/* The peer repeats it until it can be read. */
static void test_a_message_that_cannot_be_read_is_a_step(void **state)
{
    (void)state;
    char *got =
        print(78, false, false,
              /* clang-format off */
        MESSAGE("000000", "received", "main mode", "00000000", "172", "")
        MESSAGE("100000", "sent", "main mode", "00000000", "100", "")
        MESSAGE("200000", "received", "main mode", "00000000", "92", UNREAD)
        DECISION("Keys differ.", ",\"mend\":\"Compare them.\"")
        MESSAGE("300000", "received", "main mode", "00000000", "92", UNREAD)
        DECISION("Keys differ.", ",\"mend\":\"Compare them.\"")
        MESSAGE("400000", "received", "main mode", "00000000", "96", ",\"payloads\":[\"KE\"]"));
    /* clang-format on */
    assert_non_null(strstr(got, "   0.200  |<- MM3  can't be read -"));
    assert_non_null(strstr(got, " 92 bytes --|\n          |  - Keys differ."));
    assert_non_null(strstr(got, "   0.300  |<- MM3 again  can't be read -"));
    assert_non_null(strstr(got, "   0.400  |<- MM3  KE -"));
    const char *first = strstr(got, "- Keys differ.");
    assert_null(strstr(first + 1, "- Keys differ."));
    free(got);
}

static void test_what_is_found_later_neither_failed_nor_was_begun(void **state)
{
    (void)state;
    char *got = print(78, false, false,
                      "{\"negotiation\":\"9\",\"peer\":\"branch7\",\"time\":\"1\","
                      "\"kind\":\"decision\",\"text\":\"None passed.\",\"mend\":\"Cut it.\"}\n"
                      "{\"negotiation\":\"9\",\"peer\":\"branch7\",\"time\":\"1\","
                      "\"kind\":\"end\",\"result\":\"found\",\"text\":\"None passed.\","
                      "\"mend\":\"Cut it.\"}\n");
    assert_null(strstr(got, "begun"));
    assert_non_null(strstr(got, "\n! Found later, on a tunnel that is up\n"));
    assert_non_null(strstr(got, "What happened   None passed.\n  What to change  Cut it.\n"));
    free(got);
}

static void test_unfinished_is_said_so(void **state)
{
    (void)state;
    char *text = print(80, true, false, DECISION("It waits.", ",\"mend\":\"Do not wait.\""));
    assert_non_null(strstr(text, "It is not over yet."));
    assert_non_null(strstr(text, "What happened   It waits.\n  What to change  Do not wait.\n"));
    free(text);
}

static void test_lines_break_at_spaces_and_never_in_a_character(void **state)
{
    (void)state;
    const char *rest;
    assert_int_equal(paper_break("one two three", 8, &rest), 7);
    assert_string_equal(rest, "three");
    assert_int_equal(paper_break("one two", 7, &rest), 7);
    assert_string_equal(rest, "");
    assert_int_equal(paper_break("wordwithoutspaces", 4, &rest), 4);
    assert_string_equal(rest, "withoutspaces");
    assert_int_equal(paper_break("ééé", 2, &rest), 4);
    assert_int_equal(paper_break("é", 0, &rest), 2);
    assert_int_equal(paper_columns("é│a"), 3);
}

TEST_MAIN(cmocka_unit_test(test_a_refusal_shows_both_sides_and_what_to_change),
          cmocka_unit_test(test_the_one_pair_compared_says_what_to_change),
          cmocka_unit_test(test_a_success_in_ascii),
          cmocka_unit_test(test_long_values_go_on_in_their_column),
          cmocka_unit_test(test_colour_only_where_it_is_asked_for),
          cmocka_unit_test(test_control_characters_do_not_get_out),
          cmocka_unit_test(test_a_peer_without_name_has_its_address),
          cmocka_unit_test(test_a_message_that_cannot_be_read_is_a_step),
          cmocka_unit_test(test_what_is_found_later_neither_failed_nor_was_begun),
          cmocka_unit_test(test_unfinished_is_said_so),
          cmocka_unit_test(test_lines_break_at_spaces_and_never_in_a_character));
