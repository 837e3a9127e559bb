/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Known answers of ciphers, hashes and MACs, from the documents named in each row; at least one for
 * every row of algorithm.def. Those of Diffie-Hellman groups are in kat_groups.c. */
#include "kat_internal.h"

/* clang-format off */
const struct kat_cipher kat_ciphers[] = {
    /* RFC 2410 */
    { .alg = CYG_ALG_NULL,
      .key = "",
      .iv = "",
      .plain = "4e554c4c",
      .cipher = "4e554c4c",
    },
    /* FIPS 81, table C1 */
    { .alg = CYG_ALG_DES,
      .key = "0123456789abcdef",
      .iv = "1234567890abcdef",
      .plain = "4e6f77206973207468652074696d6520666f7220616c6c20",
      .cipher = "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
    },
    /* NIST TDES MMT, example 2 */
    { .alg = CYG_ALG_3DES,
      .key = "37ae5ebf46dff2dc0754b94f31cbb3855e7fd36dc870bfae",
      .iv = "3d1de3cc132e3b65",
      .plain = "84401f78fe6c10876d8ea23094ea5309",
      .cipher = "7b1f7c7e3b1c948ebd04a75ffba7d2f5",
    },
    /* NIST SP 800-38A F.2 */
    { .alg = CYG_ALG_AES128,
      .key = "2b7e151628aed2a6abf7158809cf4f3c",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
          "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .cipher = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b"
          "7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    },
    /* NIST SP 800-38A F.2 */
    { .alg = CYG_ALG_AES192,
      .key = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
          "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .cipher = "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae0"
          "7fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    },
    /* NIST SP 800-38A F.2 */
    { .alg = CYG_ALG_AES256,
      .key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
          "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .cipher = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacf"
          "a530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
    },
    /* McGrew and Viega, test case 4 */
    { .alg = CYG_ALG_AES128GCM16,
      .key = "feffe9928665731c6d6a8f9467308308",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
          "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .cipher = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c"
          "7d8f6a5aac84aa051ba30b396a0aac973d58e091",
      .tag = "5bc94fbc3221a5db94fae95ae7121a47",
    },
    /* McGrew and Viega, test case 10 */
    { .alg = CYG_ALG_AES192GCM16,
      .key = "feffe9928665731c6d6a8f9467308308feffe9928665731c",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
          "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .cipher = "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525"
          "ac619d18c84a3f4718e2448b2fe324d9ccda2710",
      .tag = "2519498e80f1478f37ba55bd6d27618c",
    },
    /* McGrew and Viega, test case 16 */
    { .alg = CYG_ALG_AES256GCM16,
      .key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
          "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
          "a7b08b1056828838c5f61e6393ba7a0abcc9f662",
      .tag = "76fc6ece0f4e1768cddf8853bb2d551b",
    },
    { .alg = CYG_ALG_NONE },
};

/* RFC 1321 A.5, FIPS 180-4: "abc", and 112 letters: more than a block of each but the longest. */
const struct kat_hash kat_hashes[] = {
    { .alg = CYG_ALG_MD5,
      .data = "616263",
      .digest = "900150983cd24fb0d6963f7d28e17f72",
    },
    { .alg = CYG_ALG_MD5,
      .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768696a6b6c"
          "666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f706a6b6c6d6e6f7071"
          "6b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f707172737475",
      .digest = "03dd8807a93175fb062dfb55dc7d359c",
    },
    { .alg = CYG_ALG_SHA1,
      .data = "616263",
      .digest = "a9993e364706816aba3e25717850c26c9cd0d89d",
    },
    { .alg = CYG_ALG_SHA1,
      .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768696a6b6c"
          "666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f706a6b6c6d6e6f7071"
          "6b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f707172737475",
      .digest = "a49b2446a02c645bf419f995b67091253a04a259",
    },
    { .alg = CYG_ALG_SHA256,
      .data = "616263",
      .digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    },
    { .alg = CYG_ALG_SHA256,
      .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768696a6b6c"
          "666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f706a6b6c6d6e6f7071"
          "6b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f707172737475",
      .digest = "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    },
    { .alg = CYG_ALG_SHA384,
      .data = "616263",
      .digest = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
          "58baeca134c825a7",
    },
    { .alg = CYG_ALG_SHA384,
      .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768696a6b6c"
          "666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f706a6b6c6d6e6f7071"
          "6b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f707172737475",
      .digest = "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db9"
          "66c3e9fa91746039",
    },
    { .alg = CYG_ALG_SHA512,
      .data = "616263",
      .digest = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
          "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    },
    { .alg = CYG_ALG_SHA512,
      .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768696a6b6c"
          "666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f706a6b6c6d6e6f7071"
          "6b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f707172737475",
      .digest = "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4"
          "331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
    },
    { .alg = CYG_ALG_NONE },
};

/* RFC 2202 and RFC 4231: cases 1, 2 and 6 (a key longer than the block). */
const struct kat_mac kat_macs[] = {
    { .alg = CYG_ALG_MD5,
      .key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      .data = "4869205468657265",
      .mac = "9294727a3638bb1c13f48ef8158bfc9d",
    },
    { .alg = CYG_ALG_MD5,
      .key = "4a656665",
      .data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      .mac = "750c783e6ab0b503eaa86e310a5db738",
    },
    { .alg = CYG_ALG_MD5,
      .key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      .data = "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
          "48617368204b6579204669727374",
      .mac = "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
    },
    { .alg = CYG_ALG_SHA1,
      .key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      .data = "4869205468657265",
      .mac = "b617318655057264e28bc0b6fb378c8ef146be00",
    },
    { .alg = CYG_ALG_SHA1,
      .key = "4a656665",
      .data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      .mac = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    },
    { .alg = CYG_ALG_SHA1,
      .key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      .data = "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
          "48617368204b6579204669727374",
      .mac = "aa4ae5e15272d00e95705637ce8a3b55ed402112",
    },
    { .alg = CYG_ALG_SHA256,
      .key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      .data = "4869205468657265",
      .mac = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    },
    { .alg = CYG_ALG_SHA256,
      .key = "4a656665",
      .data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      .mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    },
    { .alg = CYG_ALG_SHA256,
      .key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaa",
      .data = "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
          "48617368204b6579204669727374",
      .mac = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    },
    { .alg = CYG_ALG_SHA384,
      .key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      .data = "4869205468657265",
      .mac = "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f"
          "4af152e8b2fa9cb6",
    },
    { .alg = CYG_ALG_SHA384,
      .key = "4a656665",
      .data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      .mac = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
          "8b3239ecfab21649",
    },
    { .alg = CYG_ALG_SHA384,
      .key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaa",
      .data = "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
          "48617368204b6579204669727374",
      .mac = "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe82"
          "96248df163f44952",
    },
    { .alg = CYG_ALG_SHA512,
      .key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      .data = "4869205468657265",
      .mac = "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702"
          "038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    },
    { .alg = CYG_ALG_SHA512,
      .key = "4a656665",
      .data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      .mac = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
          "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    },
    { .alg = CYG_ALG_SHA512,
      .key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaa",
      .data = "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
          "48617368204b6579204669727374",
      .mac = "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598"
          "bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    },
    { .alg = CYG_ALG_NONE },
};
/* clang-format on */
