/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vendor IDs: each row is found by its own bytes, and by nothing else that its rule forbids. */
#include "codec/vid.h"

#include "codec_test.h"

/* A body of the row's bytes and some more; returns what it is taken for. */
static enum vid_id taken_for(const struct vid_info *v, size_t more)
{
    size_t len = v->data.len + more;
    uint8_t *body = malloc(len);
    memcpy(body, v->data.data, v->data.len);
    memset(body + v->data.len, 0xee, more);
    const struct vid_info *found = vid_identify((struct cyg_span){ body, len });
    free(body);
    return found != NULL ? found->id : VID_UNKNOWN;
}

static void test_every_row_follows_its_rule(void **state)
{
    (void)state;
    for (int id = VID_UNKNOWN + 1; id < VID_COUNT; id++) {
        const struct vid_info *v = vid_info((enum vid_id)id);
        assert_non_null(v);
        assert_int_equal(v->id, id);
        assert_true(v->name[0] != '\0' && v->data.len > 0);
        for (size_t more = 0; more <= 8; more++) {
            bool right = v->rule == VID_PREFIX || (v->rule == VID_EXACT && more == 0)
                         || (v->rule == VID_VERSION && more == v->extra);
            enum vid_id taken = taken_for(v, more);
            assert_true(right == (taken == v->id));
        }
        if (v->send.len > 0) { /* we understand ourselves */
            const struct vid_info *found = vid_identify(v->send);
            assert_ptr_equal(found, v);
        }
    }
    assert_null(vid_info(VID_UNKNOWN));
    assert_null(vid_info(VID_COUNT));
}

/* H-028: a known one cut by a byte is unknown, or the more general one that it begins with. */
static void test_a_cut_one_is_another(void **state)
{
    (void)state;
    for (int id = VID_UNKNOWN + 1; id < VID_COUNT; id++) {
        const struct vid_info *v = vid_info((enum vid_id)id);
        uint8_t *cut = test_memdup(v->data.data, v->data.len - 1);
        const struct vid_info *found = vid_identify((struct cyg_span){ cut, v->data.len - 1 });
        assert_true(found != v);
        free(cut);
    }
    assert_null(vid_identify((struct cyg_span){ NULL, 0 }));
}

static enum vid_id identify(const char *bytes, size_t len)
{
    const struct vid_info *v = vid_identify((struct cyg_span){ (const uint8_t *)bytes, len });
    return v != NULL ? v->id : VID_UNKNOWN;
}

static void test_knows_real_ones(void **state)
{
    (void)state;
    assert_int_equal(
        identify("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00", 16), VID_DPD);
    assert_int_equal(
        identify("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x09\x07", 16),
        VID_DPD); /* any version */
    assert_int_equal(identify("OEabcdefghij", 12), VID_OPENSWAN);
    assert_int_equal(identify("OSWabcdefghi", 12), VID_LIBRESWAN);
    assert_int_equal(
        identify("\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61\0\0\0\x08", 20),
        VID_MS_NT5);
}

static void test_flags_of_fragmentation(void **state)
{
    (void)state;
    static const char md5[] = "\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3";
    uint8_t body[20];
    memcpy(body, md5, 16);
    assert_true(vid_fragmentation_flags((struct cyg_span){ body, 16 }) == 0x80000000u);
    memcpy(body + 16, "\xc0\0\0\0", 4);
    assert_true(vid_fragmentation_flags(cyg_span_of_array(body)) == 0xc0000000u);
    memcpy(body + 16, "\x40\0\0\0", 4);
    assert_true(vid_fragmentation_flags(cyg_span_of_array(body)) == 0x40000000u);
    assert_true(vid_fragmentation_flags((struct cyg_span){ body, 15 }) == 0);
    assert_true(vid_fragmentation_flags(vid_info(VID_DPD)->send) == 0);
    assert_true(vid_fragmentation_flags(vid_info(VID_FRAGMENTATION)->send) == 0x80000000u);
}

TEST_MAIN(cmocka_unit_test(test_every_row_follows_its_rule),
          cmocka_unit_test(test_a_cut_one_is_another), cmocka_unit_test(test_knows_real_ones),
          cmocka_unit_test(test_flags_of_fragmentation));
