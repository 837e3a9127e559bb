/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The primes of the MODP groups, made by the formula that the RFCs publish for all of them:
 * p = 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k), with k per group (RFC 2409 6.1, 6.2; RFC
 * 3526 2 to 7). So the source holds the digits of pi once instead of eight primes; the tests
 * compare the results with the published primes. */
#include "modp_internal.h"

#define PI_DIGITS (MODP_BITS_MAX / 64u - 2u)

/* [2^8062 pi], most significant digit first, to the base 2^64. [2^(n-130) pi] are its first
 * n/64 - 2 digits, as n is a multiple of 64. */
static const uint64_t pi[PI_DIGITS] = {
    /* clang-format off */
    0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 0x29024e088a67cc74, 0x020bbea63b139b22,
    0x514a08798e3404dd, 0xef9519b3cd3a431b, 0x302b0a6df25f1437, 0x4fe1356d6d51c245,
    0xe485b576625e7ec6, 0xf44c42e9a637ed6b, 0x0bff5cb6f406b7ed, 0xee386bfb5a899fa5,
    0xae9f24117c4b1fe6, 0x49286651ece45b3d, 0xc2007cb8a163bf05, 0x98da48361c55d39a,
    0x69163fa8fd24cf5f, 0x83655d23dca3ad96, 0x1c62f356208552bb, 0x9ed529077096966d,
    0x670c354e4abc9804, 0xf1746c08ca18217c, 0x32905e462e36ce3b, 0xe39e772c180e8603,
    0x9b2783a2ec07a28f, 0xb5c55df06f4c52c9, 0xde2bcbf695581718, 0x3995497cea956ae5,
    0x15d2261898fa0510, 0x15728e5a8aaac42d, 0xad33170d04507a33, 0xa85521abdf1cba64,
    0xecfb850458dbef0a, 0x8aea71575d060c7d, 0xb3970f85a6e1e4c7, 0xabf5ae8cdb0933d7,
    0x1e8c94e04a25619d, 0xcee3d2261ad2ee6b, 0xf12ffa06d98a0864, 0xd87602733ec86a64,
    0x521f2b18177b200c, 0xbbe117577a615d6c, 0x770988c0bad946e2, 0x08e24fa074e5ab31,
    0x43db5bfce0fd108e, 0x4b82d120a9210801, 0x1a723c12a787e6d7, 0x88719a10bdba5b26,
    0x99c327186af4e23c, 0x1a946834b6150bda, 0x2583e9ca2ad44ce8, 0xdbbbc2db04de8ef9,
    0x2e8efc141fbecaa6, 0x287c59474e6bc05d, 0x99b2964fa090c3a2, 0x233ba186515be7ed,
    0x1f612970cee2d7af, 0xb81bdd762170481c, 0xd0069127d5b05aa9, 0x93b4ea988d8fddc1,
    0x86ffb7dc90a6c08f, 0x4df435c934028492, 0x36c3fab4d27c7026, 0xc1d4dcb2602646de,
    0xc9751e763dba37bd, 0xf8ff9406ad9e530e, 0xe5db382f413001ae, 0xb06a53ed9027d831,
    0x179727b0865a8918, 0xda3edbebcf9b14ed, 0x44ce6cbaced4bb1b, 0xdb7f1447e6cc254b,
    0x332051512bd7af42, 0x6fb8f401378cd2bf, 0x5983ca01c64b92ec, 0xf032ea15d1721d03,
    0xf482d7ce6e74fef6, 0xd55e702f46980c82, 0xb5a84031900b1c9e, 0x59e7c97fbec7e8f3,
    0x23a97a7e36cc88be, 0x0f1d45b7ff585ac5, 0x4bd407b22b4154aa, 0xcc8f6d7ebf48e1d8,
    0x14cc5ed20f8037e0, 0xa79715eef29be328, 0x06a1d58bb7c5da76, 0xf550aa3d8a1fbff0,
    0xeb19ccb1a313d55c, 0xda56c9ec2ef29632, 0x387fe8d76e3c0468, 0x043e8f663f4860ee,
    0x12bf2d5b0b7474d6, 0xe694f91e6dbe1159, 0x74a3926f12fee5e4, 0x38777cb6a932df8c,
    0xd8bec4d073b931ba, 0x3bc832b68d9dd300, 0x741fa7bf8afc47ed, 0x2576f6936ba42466,
    0x3aab639c5ae4f568, 0x3423b4742bf1c978, 0x238f16cbe39d652d, 0xe3fdb8befc848ad9,
    0x22222e04a4037c07, 0x13eb57a81a23f0c7, 0x3473fc646cea306b, 0x4bcbc8862f8385dd,
    0xfa9d4b7fa2c087e8, 0x79683303ed5bdd3a, 0x062b3cf5b3a278a6, 0x6d2a13f83f44f82d,
    0xdf310ee074ab6a36, 0x4597e899a0255dc1, 0x64f31cc50846851d, 0xf9ab48195ded7ea1,
    0xb1d510bd7ee74d73, 0xfaf36bc31ecfa268, 0x359046f4eb879f92, 0x4009438b481c6cd7,
    0x889a002ed5ee382b, 0xc9190da6fc026e47, 0x9558e4475677e9aa, 0x9e3050e2765694df,
    0xc81f56e880b96e71, 0x60c980dd98a573ea,
    /* clang-format on */
};

/* Store a digit to the base 2^64, counted from the least significant one. */
static void put_digit(mp_limb_t *number, size_t index, uint64_t digit)
{
    enum {
        LIMBS = 64 / GMP_NUMB_BITS
    };
    for (size_t i = 0; i < LIMBS; i++) {
        number[index * LIMBS + i] = (mp_limb_t)(digit >> (i * GMP_NUMB_BITS % 64u));
    }
}

void modp_prime(mp_limb_t *ret, unsigned bits, uint64_t k)
{
    size_t digits = bits / 64u;
    put_digit(ret, digits - 1, UINT64_MAX);
    for (size_t i = 0; i < digits - 2; i++) {
        put_digit(ret, digits - 2 - i, pi[i]);
    }
    /* The - 1 makes the last digit all ones and borrows from the middle. */
    put_digit(ret, 0, UINT64_MAX);
    enum {
        LIMBS = 64 / GMP_NUMB_BITS
    };
    mpn_add_1(ret + LIMBS, ret + LIMBS, (mp_size_t)((digits - 2) * LIMBS), (mp_limb_t)(k - 1));
}
