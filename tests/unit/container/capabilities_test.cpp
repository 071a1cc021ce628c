// capabilities_test.cpp - docker's rules for capabilities, and what the raw calls leave of them.

#include "container/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::container {

namespace {

using Words = Vector<String>;

uint64_t bit(int number)
{
    return uint64_t{1} << number;
}

TEST(Capabilities, HaveNames)
{
    EXPECT_STREQ(capability_name(0), "CAP_CHOWN");
    EXPECT_STREQ(capability_name(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
    EXPECT_STREQ(capability_name(40), "CAP_CHECKPOINT_RESTORE");
    EXPECT_EQ(capability_name(41), nullptr);
    EXPECT_EQ(capability_name(-1), nullptr);
    for (int number = 0; number <= 40; number++)
        EXPECT_EQ(MUST(capability_number(capability_name(number))), number);
    EXPECT_EQ(MUST(capability_number("net_admin")), CAP_NET_ADMIN);
    EXPECT_EQ(MUST(capability_number("Cap_Net_Admin")), CAP_NET_ADMIN);
    auto wrong = capability_number("NET_ADMN");
    EXPECT_ERROR(wrong, EINVAL, "\"NET_ADMN\" is not a capability");
    EXPECT_NE(wrong.error().hint().find("NET_ADMIN"), String::npos);
    EXPECT_ERROR(capability_number(""), EINVAL, "not a capability");
    EXPECT_ERROR(capability_number(String(100'000, 'A')), EINVAL, "not a capability");
}

TEST(Capabilities, AreDockersByDefault)
{
    EXPECT_EQ(default_capabilities().bits, 0xa80425fbu);
    EXPECT_EQ(capability_names({bit(CAP_KILL) | bit(0)}), (Words{"CAP_CHOWN", "CAP_KILL"}));
}

TEST(Capabilities, AreAddedAndDroppedAsDockerDoes)
{
    uint64_t every = all_capabilities().bits;
    uint64_t usual = default_capabilities().bits;
    const struct {
        Words add, drop;
        uint64_t wanted;
    } kCases[] = {
        {{}, {}, usual},
        {{"NET_ADMIN"}, {}, usual | bit(CAP_NET_ADMIN)},
        {{}, {"CAP_CHOWN"}, usual & ~bit(CAP_CHOWN)},
        {{"CHOWN"}, {"CHOWN"}, usual},
        {{"ALL"}, {}, every},
        {{"all"}, {"SYS_ADMIN"}, every & ~bit(CAP_SYS_ADMIN)},
        {{}, {"ALL"}, 0},
        {{"kill"}, {"ALL"}, bit(CAP_KILL)},
        {{"ALL"}, {"ALL"}, every},
    };
    for (auto& row : kCases)
        EXPECT_EQ(MUST(resolve_capabilities(row.add, row.drop, false)).bits, row.wanted);
    EXPECT_EQ(MUST(resolve_capabilities({}, Words{"ALL"}, true)).bits, every);
    EXPECT_ERROR(resolve_capabilities(Words{"FLY"}, {}, false), EINVAL, "--cap-add: \"FLY\"");
    EXPECT_ERROR(resolve_capabilities({}, Words{"FLY"}, false), EINVAL, "--cap-drop: \"FLY\"");
}

String field(const String& status, const char* name)
{
    size_t at = status.find(name);
    return at == String::npos ? "" : status.substr(at + strlen(name) + 2, 16);
}

TEST(Capabilities, AreImposedOnAChild)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        Capabilities keep = {bit(CAP_CHOWN) | bit(CAP_KILL) | bit(CAP_SETPCAP)};
        int failed = raw_limit_bounding_set(keep);
        failed = failed ? failed : raw_keep_capabilities(true);
        failed = failed ? failed : raw_set_capabilities({bit(CAP_KILL)}, keep);
        failed = failed ? failed : raw_clear_ambient();
        if (failed)
            _exit(failed);
        auto status = fs::read_path("/proc/self/status");
        _exit(status && write(ends[1], status->data(), status->size()) > 0 ? 0 : 255);
    }
    close(ends[1]);
    String status(8192, '\0');
    status.resize(size_t(std::max<ssize_t>(read(ends[0], status.data(), status.size()), 0)));
    close(ends[0]);
    int code = 0;
    waitpid(child, &code, 0);
    EXPECT_EQ(WEXITSTATUS(code), 0);
    EXPECT_EQ(field(status, "CapBnd"), "0000000000000121");
    EXPECT_EQ(field(status, "CapPrm"), "0000000000000121");
    EXPECT_EQ(field(status, "CapEff"), "0000000000000020");
    EXPECT_EQ(field(status, "CapInh"), "0000000000000000");
    EXPECT_EQ(field(status, "CapAmb"), "0000000000000000");
}

}  // namespace

}  // namespace kist::container
