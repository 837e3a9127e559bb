/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VICI messages: what is written is read again, and every malformed message is refused at a known
 * byte. The bytes of the first test are those of a message as the format's description has them. */
#include "unit/test.h"

#include <cygnet/vici.h>

#include <stdlib.h>
#include <string.h>

/* key1 = value1, section1 { sub { key2 = value2 } list1 = [ item1, item2 ] } */
static const uint8_t sample[] = {
    3,   4,   'k', 'e', 'y', '1', 0,   6, 'v', 'a', 'l', 'u', 'e', '1', 1,   8,   's', 'e',
    'c', 't', 'i', 'o', 'n', '1', 1,   3, 's', 'u', 'b', 3,   4,   'k', 'e', 'y', '2', 0,
    6,   'v', 'a', 'l', 'u', 'e', '2', 2, 4,   5,   'l', 'i', 's', 't', '1', 5,   0,   5,
    'i', 't', 'e', 'm', '1', 5,   0,   5, 'i', 't', 'e', 'm', '2', 6,   2,
};

static void test_writes_the_bytes_of_the_format(void **state)
{
    (void)state;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT, "ev");
    cyg_vici_key(&w, "key1", "value%d", 1);
    cyg_vici_section(&w, "section1");
    cyg_vici_section(&w, "sub");
    cyg_vici_key(&w, "key2", "value2");
    cyg_vici_section_end(&w);
    cyg_vici_list(&w, "list1");
    cyg_vici_item(&w, "item1");
    cyg_vici_item(&w, "item%u", 2u);
    cyg_vici_list_end(&w);
    cyg_vici_section_end(&w);
    struct cyg_span packet = cyg_vici_finish(&w);
    assert_int_equal(packet.len, 4 + 4 + sizeof sample);
    static const uint8_t head[] = { 0, 0, 0, 4 + sizeof sample, 7, 2, 'e', 'v' };
    assert_memory_equal(packet.data, head, sizeof head);
    assert_memory_equal(packet.data + 8, sample, sizeof sample);

    enum cyg_vici_packet type;
    struct cyg_span name, message;
    assert_int_equal(cyg_vici_packet(cyg_span_after(packet, 4), &type, &name, &message, NULL),
                     CYG_OK);
    assert_int_equal(type, CYG_VICI_EVENT);
    assert_true(cyg_span_equal(name, cyg_span_str("ev")));
    assert_int_equal(cyg_vici_check(message, NULL), CYG_OK);
    cyg_vici_writer_clear(&w);
}

static void test_refuses_every_truncation(void **state)
{
    (void)state;
    for (size_t len = 1; len < sizeof sample; len++) {
        uint8_t *copy = test_memdup(sample, len);
        struct cyg_error err = { 0 };
        enum cyg_code code = cyg_vici_check((struct cyg_span){ copy, len }, &err);
        if (len == 14) { /* behind key1: a whole message */
            assert_int_equal(code, CYG_OK);
        } else {
            assert_int_equal(code, CYG_MALFORMED);
            assert_int_equal(err.reason, CYG_R_VICI_MALFORMED);
        }
        free(copy);
    }
}

static void test_refuses_what_stands_in_the_wrong_place(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[12];
        size_t len;
    } bad[] = {
        { { 2 }, 1 },                             /* section end without start */
        { { 5, 0, 0 }, 3 },                       /* item outside of a list */
        { { 6 }, 1 },                             /* list end without start */
        { { 4, 1, 'l', 4, 1, 'm', 6, 6 }, 8 },    /* list in a list */
        { { 4, 1, 'l', 3, 1, 'k', 0, 0, 6 }, 9 }, /* key in a list */
        { { 3, 0, 0, 0 }, 4 },                    /* name of length 0 */
        { { 3, 1, '\n', 0, 0 }, 5 },              /* control byte in a name */
        { { 3, 1, 0, 0, 0 }, 5 },                 /* NUL in a name */
        { { 0 }, 1 },
        { { 7 }, 1 },
        { { 3, 1, 'k', 0xff, 0xff }, 5 }, /* value behind the end */
        { { 1, 1, 's' }, 3 },             /* never closed */
    };
    for (size_t i = 0; i < CYG_LEN(bad); i++) {
        uint8_t *copy = test_memdup(bad[i].bytes, bad[i].len);
        assert_int_equal(cyg_vici_check((struct cyg_span){ copy, bad[i].len }, NULL),
                         CYG_MALFORMED);
        free(copy);
    }
}

static void test_bounds_depth_and_size(void **state)
{
    (void)state;
    uint8_t deep[CYG_VICI_DEPTH_MAX * 3 + 3];
    for (size_t i = 0; i <= CYG_VICI_DEPTH_MAX; i++) {
        memcpy(deep + i * 3, "\1\1s", 3);
    }
    struct cyg_error err = { 0 };
    assert_int_equal(cyg_vici_check(cyg_span_of_array(deep), &err), CYG_MALFORMED);
    assert_int_equal(err.offset, CYG_VICI_DEPTH_MAX * 3 + 1);

    static uint8_t large[60000];
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    for (unsigned i = 0; i < 8; i++) {
        cyg_vici_value(&w, "k", cyg_span_of_array(large));
    }
    assert_false(w.failed);
    cyg_vici_value(&w, "k", cyg_span_of_array(large)); /* 540 kB */
    assert_int_equal(cyg_vici_finish(&w).len, 0);
    cyg_vici_writer_clear(&w);
}

static void test_an_open_section_is_no_message(void **state)
{
    (void)state;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "x");
    cyg_vici_section(&w, "s");
    assert_int_equal(cyg_vici_finish(&w).len, 0);
    cyg_vici_writer_clear(&w);
}

static void test_gets_values_of_the_top_level(void **state)
{
    (void)state;
    const struct cyg_span message = cyg_span_of_array(sample);
    char text[8];
    int64_t number = 7;
    assert_true(cyg_vici_get_text(message, "key1", text, sizeof text));
    assert_string_equal(text, "value1");
    assert_true(cyg_vici_get_text(message, "key1", text, 4)); /* cut */
    assert_string_equal(text, "val");
    assert_false(cyg_vici_get_text(message, "key2", text, sizeof text)); /* in a section */
    assert_false(cyg_vici_get_number(message, "key1", &number));
    assert_int_equal(number, 7);
    assert_true(cyg_vici_get_bool(message, "none", true));
    assert_false(cyg_vici_get_bool(message, "key1", true));
}

TEST_MAIN(cmocka_unit_test(test_writes_the_bytes_of_the_format),
          cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_refuses_what_stands_in_the_wrong_place),
          cmocka_unit_test(test_bounds_depth_and_size),
          cmocka_unit_test(test_an_open_section_is_no_message),
          cmocka_unit_test(test_gets_values_of_the_top_level));
