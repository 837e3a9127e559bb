/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of all exchanges, checked against each other. */
#include "engine/exchange_kinds.h"
#include "engine/walker.h"
#include "unit/test.h"

#define EACH_KIND(kind, i)                                  \
    const struct exchange_kind *kind = exchange_kind_at(0); \
    for (size_t i = 0; kind != NULL; kind = exchange_kind_at(++i))

static void test_every_state_has_one_step(void **state)
{
    (void)state;
    EACH_KIND(kind, i)
    {
        unsigned first = kind->initiator ? 1 : 0; /* an initiator's first state sends */
        for (unsigned s = first; s < kind->done; s++) {
            unsigned n = 0;
            for (size_t k = 0; k < kind->n_steps; k++) {
                n += kind->steps[k].state == s;
            }
            assert_int_equal(n, 1);
            assert_non_null(walker_step(kind, (uint8_t)s));
        }
        assert_null(walker_step(kind, kind->done));
    }
}

static void test_every_step_is_reached_and_leads_to_the_end(void **state)
{
    (void)state;
    EACH_KIND(kind, i)
    {
        unsigned s = kind->initiator && kind->n_steps > 0 ? 1 : 0, steps = 0;
        while (kind->n_steps > 0 && s != kind->done) {
            const struct step *step = walker_step(kind, (uint8_t)s);
            assert_true(step->next > step->state);
            s = step->next;
            steps++;
        }
        assert_int_equal(steps, kind->n_steps);
    }
}

static void test_rows_are_whole_and_consistent(void **state)
{
    (void)state;
    EACH_KIND(kind, i)
    {
        assert_non_null(kind->name);
        assert_true(kind->done > 0 && kind->done < 32); /* bits of `repeat` */
        assert_int_equal(kind->repeat >> kind->done, 0);
        for (size_t k = 0; k < kind->n_steps; k++) {
            const struct step *step = &kind->steps[k];
            uint32_t known = step->required | step->allowed;
            assert_non_null(step->name);
            assert_non_null(step->handle);
            assert_int_equal(step->required & step->allowed, 0);
            assert_int_equal(step->many & ~known, 0);
            if (step->first != 0) {
                assert_true((step->required & 1u << (step->first - 1)) != 0);
            }
            if (step->second != 0) {
                assert_true((step->required & 1u << (step->second - 1)) != 0);
            }
            if (step->protect >= PROTECT_HASH_1) { /* H-022: HASH first, once */
                assert_int_equal(step->first, AT(HASH));
                assert_int_equal(step->many & PL(HASH), 0);
            }
            /* Nothing of phase 2 is ever clear. */
            assert_true(kind->phase1 || step->protect >= PROTECT_HASH_1);
        }
    }
}

/* Who answers is looked for by type and role; each once. */
static void test_each_kind_is_found(void **state)
{
    (void)state;
    EACH_KIND(kind, i)
    {
        assert_ptr_equal(exchange_kind_for(kind->type, kind->initiator), kind);
    }
    /* H-008: what is never carried out */
    static const uint8_t others[] = { 0, 1, 3, 4, 6, 33, 34, 35, 36, 37, 38, 239, 255 };
    for (size_t i = 0; i < sizeof others; i++) {
        assert_null(exchange_kind_for(others[i], false));
        assert_null(exchange_kind_for(others[i], true));
    }
}

TEST_MAIN(cmocka_unit_test(test_every_state_has_one_step),
          cmocka_unit_test(test_every_step_is_reached_and_leads_to_the_end),
          cmocka_unit_test(test_rows_are_whole_and_consistent),
          cmocka_unit_test(test_each_kind_is_found));
