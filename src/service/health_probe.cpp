// health_probe.cpp - asking a container for its health, once.

#include "service/health_probe.h"

#include <poll.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "base/process.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "container/exec.h"

namespace kist::service {

namespace {

// {"CMD", word...} as it is, {"CMD-SHELL", line} for the shell.
Vector<String> command_of(const Vector<String>& test)
{
    Vector<String> words;
    if (!test.empty() && test[0] == "CMD-SHELL")
        words = {"/bin/sh", "-c"};
    for (size_t i = 1; i < test.size(); i++)
        words.push_back(test[i]);
    if (words.empty())
        words.emplace_back();  // not found
    return words;
}

// Output as it comes, the first kMaxHealthOutput bytes of it.  False at its end.
bool take_output(const Fd& from, String& output)
{
    char bytes[4096];
    ssize_t got = sys::retry([&] { return ::read(from.get(), bytes, sizeof bytes); });
    if (got <= 0)
        return false;
    output.append(bytes, size_t(got));
    if (output.size() > kMaxHealthOutput)
        output = output.substr(0, kMaxHealthOutput) + "...";
    return true;
}

// False: it was still running when the time was up.
bool await(const container::Executed& process, const Fd& from, int64_t until, String& output)
{
    pollfd waits[] = {{process.process.get(), POLLIN, 0}, {from.get(), POLLIN, 0}};
    for (;;) {
        int64_t left = std::max<int64_t>(0, until - clock::steady_ms());
        int ready = ::poll(waits, 2, int(std::min<int64_t>(left, INT32_MAX)));
        if (ready == 0 && left == 0)
            return false;
        if (ready <= 0)
            continue;
        if (waits[1].revents && !take_output(from, output))
            waits[1].fd = -1;
        if (!waits[0].revents)
            continue;
        // What is left in the pipe, but not what others may still write.
        pollfd rest = {from.get(), POLLIN, 0};
        while (waits[1].fd >= 0 && ::poll(&rest, 1, 0) > 0 && output.size() <= kMaxHealthOutput &&
               take_output(from, output))
            ;
        return true;
    }
}

}  // namespace

Result<HealthAnswer> ask_health(const container::Spec& spec, const container::State& state)
{
    HealthAnswer answer = {.start = clock::now_text(), .end = "", .exit_code = -1, .output = ""};
    int64_t until = clock::steady_ms() + spec.health->timeout / clock::kNanosPerMs;
    Fd nothing = TRY(sys::open("/dev/null", O_RDONLY));
    sys::Pipe pipe = TRY(sys::pipe());
    auto process =
        container::execute({.spec = spec,
                            .state = state,
                            .argv = command_of(spec.health->test),
                            .env = spec.env,
                            .stdio = {nothing.get(), pipe.writer.get(), pipe.writer.get()}});
    pipe.writer.close();
    if (!process && (process.error().is(EBUSY) || process.error().is(ESRCH)))
        return std::move(process).error();
    if (!process) {
        answer.output = process.error().message();
    } else if (await(*process, pipe.reader, until, answer.output)) {
        answer.exit_code = TRY(process::wait(process->pid));
    } else {
        // Its session is its process group; not waited for, so the number is its own.
        (void)::kill(-process->pid, SIGKILL);
        (void)sys::pidfd_send_signal(process->process, SIGKILL);
        (void)process::wait(process->pid);
        String said = std::move(answer.output);
        answer.output = str::format("Health check exceeded timeout (%s)",
                                    clock::duration_text(spec.health->timeout).c_str());
        if (!said.empty())
            answer.output += ": " + said;
    }
    answer.end = clock::now_text();
    return answer;
}

}  // namespace kist::service
