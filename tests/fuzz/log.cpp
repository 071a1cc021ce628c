// log.cpp - any bytes as what a container prints, and as the files of its log.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/string.h"
#include "base/sys.h"
#include "container/log.h"
#include "input.h"

using namespace kist;
using namespace kist::container;

namespace {

constexpr const char* kFiles[] = {"log.json.1", "log.json"};

// A directory for all inputs, gone at the end.
struct Place {
    Place()
    {
        fuzz::must(::mkdtemp(path));
        directory = sys::open(path, O_RDONLY | O_DIRECTORY).take();
    }
    ~Place()
    {
        for (const char* name : kFiles)
            (void)sys::unlink_at(directory, name);
        (void)::rmdir(path);
    }
    char path[32] = "/dev/shm/kist-fuzz-XXXXXX";
    Fd directory;
};

const Fd& directory()
{
    static Place place;
    return place.directory;
}

void clear()
{
    for (const char* name : kFiles)
        (void)sys::unlink_at(directory(), name);
}

String read(const Spec& spec, long long tail)
{
    String all;
    auto done = read_log(
        spec, directory(), directory(), {.tail = tail},
        [&](const LogLine& line) {
            all += line.text;
            return Result<void>();
        },
        nullptr);
    fuzz::must(bool(done));
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view text = fuzz::text_of(data, size);
    Spec spec;
    spec.log.max_files = 2;

    // As files: whatever they hold, the last lines are the end of all lines.
    clear();
    for (size_t i = 0; i < 2; i++) {
        Fd file = sys::open_at(directory(), kFiles[i], O_WRONLY | O_CREAT, 0600).take();
        fuzz::must(
            bool(sys::write_all(file, i ? text.substr(size / 2) : text.substr(0, size / 2))));
    }
    String all = read(spec, -1);
    for (long long tail : {0, 1, 3})
        fuzz::must(all.ends_with(read(spec, tail)));

    // As output: every byte comes back, behind what was there before.
    {
        Log log = Log::open(spec, directory(), directory()).take();
        size_t piece = size ? data[0] + 1 : 1;
        for (size_t at = 0; at < size; at += piece)
            log.write(Stream::output, text.substr(at, piece));
        log.flush();
    }
    String after = read(spec, -1);
    // Between them a line may stand that only wanted its line break.
    fuzz::must(after.starts_with(all) && after.ends_with(text));
    return 0;
}
