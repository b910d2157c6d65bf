/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against those that Python's hashlib gives. */
#include <stdio.h>

#include "firn_test.h"
#include "sql/engine/sha2.h"

static void check(firn_str data, int bits, const char *expected)
{
    uint8_t bytes[FIRN_SHA2_MAX_BYTES];
    char text[2 * FIRN_SHA2_MAX_BYTES + 1];
    assert_true(firn_sha2(data, bits, bytes));
    for (size_t i = 0; i < (size_t)bits / 8; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    }
    assert_string_equal(text, expected);
}

static void test_lengths_of_digests_and_messages(void **state)
{
    static const struct {
        size_t n; /* of the bytes 0, 1, 2 .. */
        int bits;
        const char *hex;
    } k_cases[] = {
        {0, 224, "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f"},
        {0, 256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {0, 384,
         "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14"
         "898b95b"},
        {0, 512,
         "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d28"
         "77eec2f63b931bd47417a81a538327af927da3e"},
        {3, 224, "e615202185aabe2aca924bec29e5a12384f8339eae4e64c9cba9f1da"},
        {3, 256, "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"},
        {3, 384,
         "4f895854c1a4fc5aa2e0456eaf8d0ecaa70c196bd901153861d76b8fa3cd95ceea29eab6a279f8b08437703ce"
         "0b4b91a"},
        {3, 512,
         "8081da5f9c1e3d0e1aa16f604d5e5064543cff5d7bace2bb312252461e151b3fe0f034ea8dc1dacff3361a892"
         "d625fbe1b614cda265f87a473c24b0fa1d91dfd"},
        {55, 224, "8991dfba74284e04dc7581c7c3e4068ff6cb7a63733361429834bb56"},
        {55, 256, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"},
        {55, 384,
         "dcedb6b590edb4efa849c801e6b6490657a5c1e64f69269f5f63c9267f6223de24cea7aaa6b267d9bcecc1514"
         "7b6c875"},
        {55, 512,
         "6856647f269c2ee3d8128f0b25427659d880641ef343300dd3cd4679168f58d6527fda70b4ebc854e2065e172"
         "b7d58c1536992c0810599259ba84a2b40c65414"},
        {56, 224, "2b2cd637c16ad7290bb067ad7d8fd04e204fa43a84366afc7130f4ef"},
        {56, 256, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"},
        {56, 384,
         "7b9132d597b8873ad55bbc30f18ed3f2c9f340e7de69fb5774056c71a06d9bc2b14137e9e1c68b6b645fed28b"
         "188249d"},
        {56, 512,
         "8b12b2f6fe400a51d29656e2b8c42a1bbfe6fcf3e425da430db05d1a2dda14790dee20fa8b22d8762afffe498"
         "8a5c98a4430d22a17e41e23d90fa61ab75671a9"},
        {63, 224, "049e8dd7eab3378ce9f823bfb569e5b270235d4b7f9623606971998f"},
        {63, 256, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"},
        {63, 384,
         "dd66b519f51a925814407a449c60b34c553d7652d41783ee903a810a4c9f833b8181c91c7f12283eacd6a5f8a"
         "2639ddf"},
        {63, 512,
         "9dc9c5598e55dc42955695320839788e353f1d7f6ba74df74c80a8a52f463c0697f57f68835d1418f4ce9b653"
         "0cd79bd0f4c6f7e13c93feb1218c0b65c2c0561"},
        {64, 224, "c37b88a3522dbf7ac30d1c68ea397ac11d4773571aed01ddab73531e"},
        {64, 256, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"},
        {64, 384,
         "9f2c9eb7116b3d7a4ba84a74a4d4eff8a5efcf54b6d7b662693c38577914c73a214766f0a175339bb0895a863"
         "824fc0a"},
        {64, 512,
         "ee4320ebaf3fdb4f2c832b137200c08e235e0fa7bbd0eb1740c7063ba8a0d151da77e003398e1714a955d475b"
         "05e3e950b639503b452ec185de4229bc4873949"},
        {65, 224, "114b5fd665736a96585c5d5837d35250aed73c725252cbf7f8b121f6"},
        {65, 256, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"},
        {65, 384,
         "14b0a9ffce149426bf5045ffc24c057451d2473186deb4f150117b855911a7641651fb1e15df406eb373d7115"
         "1c46f25"},
        {65, 512,
         "02856cef735f9acec6b9e33f0fbc8f9804d2aa54187f382b8ae842e5d3696c07459aad2a5aed25ea5e117eb1c"
         "7ba35da6a7a8adce9e6afe3ad79e9fa42d5bba8"},
        {111, 224, "1aeef583c448a9ae00fbc931b50bc0da5bb8323e616b11076cee8b44"},
        {111, 256, "60780e9451bdc43cf4530ffc95cbb0c4eb24dae2c39f55f334d679e076c08065"},
        {111, 384,
         "f5f9fe110d809d34029de262a01b208356caec6e054c7f926b2591f6c9780579d4b59f5578c6f531a84f158a3"
         "3660cef"},
        {111, 512,
         "a1a111449b198d9b1f538bad7f3fc1022b3a5b1a5e90a0bc860de8512746cbc31599e6c834de3a3235327af0b"
         "51ff57bf7acf1974a73014d9c3953812edc7c8d"},
        {112, 224, "01e5abf50619b5c2078e754eddedcf4de8d31185a2219313cb91a8c9"},
        {112, 256, "09373f127d34e61dbbaa8bc4499c87074f2ddb10e1b465f506d7d70a15011979"},
        {112, 384,
         "33ba080ec0ccb378e4e95fed3b26c23aa1a280476e007519ee47f60cd9c5c8a65d627259a9aa2fd33ca06d3c1"
         "4ee5548"},
        {112, 512,
         "c5fbd731d19d2ae1180f001be72c2c1aaba1d7b094b3748880e24593b8e117a750e11c1bd867cc2f96dace8c8"
         "b74abd2d5c4f236be444e77d30d1916174070b9"},
        {127, 224, "554c9c3f7e92b80f4121e00cc147535d377eaeb4fb1fa8e25c7f81c1"},
        {127, 256, "92ca0fa6651ee2f97b884b7246a562fa71250fedefe5ebf270d31c546bfea976"},
        {127, 384,
         "d5fcfe2fcf6b3ef375ede37c8123d9b78065fecc1d55197e2f7721e6e9a93d0ba4d7fd15f9b96dea2744df241"
         "41ba2ef"},
        {127, 512,
         "eab89674feaa34e27aebeeff3c0a4d70070bb872d5e9f186cf1dbbdee517b6e35724d629ff025a5b07185e911"
         "ada7e3c8acf830aa0e4f71777bd2d44f504f7f0"},
        {128, 224, "67d88da33fd632d8742424791dface672ff59d597fe38b3f2a998386"},
        {128, 256, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"},
        {128, 384,
         "ca2385773319124534111a36d0581fc3f00815e907034b90cff9c3a861e126a741d5dfcff65a417b6d7296863"
         "ac0ec17"},
        {128, 512,
         "1dffd5e3adb71d45d2245939665521ae001a317a03720a45732ba1900ca3b8351fc5c9b4ca513eba6f80bc7b1"
         "d1fdad4abd13491cb824d61b08d8c0e1561b3f7"},
        {129, 224, "a80cb91e08a62f062bd17db00d0e1979d041edeb52b497b205266b9c"},
        {129, 256, "5099c6a56203f9687f7d33f4bfdf576d31dc91f6b695ecea38b2770c87631135"},
        {129, 384,
         "ef49ae5b9ad51433d00323528d81ea8d2e4d2b507dbd9f1cb84f952b66249a788b1c89fcdb77a0db9f1feb901"
         "d47fc73"},
        {129, 512,
         "1d9da57fbbdab09afb3506ab2d223d06109d65c1c8ad197f50138f714bc4c3f2fe5787922639c680acad1c651"
         "f955990425954ce2cba0c5cc83f2667d878eb0f"},
        {500, 224, "defc2f15713250e4ef6bcceb4fac7442df5651fc17a0bc56a9ef67f2"},
        {500, 256, "6a259da4dacdfb0f51369649cbf8864d8e2d675462c8625a70334bfc2c50d1af"},
        {500, 384,
         "321e8433e8e1e461bdc5b149582f4a80b3a88d75104208a2c4f8a535b45ddb2734ebac7c8996c8604ff03a5ae"
         "e3da5cb"},
        {500, 512,
         "f8d1c917da2e66be92022d6a49ecee0f0d897c6d97927adc654c73d735dca420dd808be06794f514d5a88fa2e"
         "24c0c0f0817c95ad448371b4cd6a8cb6aa656b3"},
    };
    char data[500];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)i;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        check((firn_str){data, k_cases[i].n}, k_cases[i].bits, k_cases[i].hex);
    }
}

static void test_other_lengths_are_refused(void **state)
{
    uint8_t bytes[FIRN_SHA2_MAX_BYTES];
    (void)state;
    assert_false(firn_sha2(FIRN_STR("x"), 0, bytes));
    assert_false(firn_sha2(FIRN_STR("x"), 225, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths_of_digests_and_messages),
        cmocka_unit_test(test_other_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
