// output.cpp - where an archive goes.

#include "cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/random.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::cli {

Result<Output> Output::open(const String& path)
{
    Output output;
    if (path.empty() || path == "-") {
        if (::isatty(1))
            return Error(EINVAL, "an archive does not belong on a terminal")
                .with_hint("use -o FILE, or redirect the output");
        output.file_ = TRY(sys::duplicate(sys::borrow(1)));
        return output;
    }
    struct stat status, link;
    if (::stat(path.c_str(), &status) == 0 && ::lstat(path.c_str(), &link) == 0 &&
        (!S_ISREG(status.st_mode) || S_ISLNK(link.st_mode))) {  // /dev/stdout is a link to a file
        output.file_ = TRY(sys::open(path, O_WRONLY | O_TRUNC));
        return output;
    }
    String directory(path::directory(path));
    output.name_ = path::base(path);
    output.temporary_ = "." + output.name_ + "." + random::hex(8);
    output.directory_ = TRY(sys::open(directory, O_PATH | O_DIRECTORY));
    output.file_ =
        TRY(sys::open_at(output.directory_, output.temporary_, O_WRONLY | O_CREAT | O_EXCL, 0600));
    return output;
}

Output::~Output()
{
    if (directory_.get() >= 0)
        (void)sys::unlink_at(directory_, temporary_);
}

Result<void> Output::finish()
{
    if (directory_.get() < 0)
        return {};
    TRY(sys::fsync(file_), "%s", name_.c_str());
    TRY(sys::rename_at(directory_, temporary_, name_));
    directory_.close();
    return {};
}

}  // namespace kist::cli
