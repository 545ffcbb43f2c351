/* Two test cases, of which one fails. */
#include <uk/test.h>

UK_TESTCASE(sums, adds)
{
	UK_TEST_EXPECT_SNUM_EQ(1 + 1, 2);
}

UK_TESTCASE(sums, fails)
{
	UK_TEST_EXPECT_SNUM_EQ(1 + 1, 3);
}

uk_testsuite_register(sums, 0);
