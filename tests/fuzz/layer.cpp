// layer.cpp - any bytes as a layer's tar stream, made into files: nothing appears outside the tree.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "archive/layer.h"
#include "base/fs.h"
#include "base/sys.h"
#include "input.h"

using namespace kist;

namespace {

// A place with a tree to fill, a neighbour that links in the input may aim at, and nothing else.
class Place {
public:
    Place()
    {
        std::string name = "/dev/shm/kist-fuzz-XXXXXX";
        fuzz::must(mkdtemp(name.data()));
        path_ = name;
        fd_ = sys::open(path_, O_RDONLY | O_DIRECTORY).take();
        fuzz::must(bool(fs::make_directory(fd_, "tree")));
        fuzz::must(bool(fs::make_directory(fd_, "neighbour")));
    }
    ~Place() { (void)fs::remove_tree(sys::borrow(AT_FDCWD), path_); }

    const Fd& fd() const { return fd_; }

private:
    std::string path_;
    Fd fd_;
};

class Sink : public Writer {
public:
    Result<void> write(std::string_view bytes) override
    {
        size_ += bytes.size();
        return {};
    }

private:
    size_t size_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    Place place;
    Fd tree = sys::open_at(place.fd(), "tree", O_RDONLY | O_DIRECTORY).take();
    Sink recorded;
    archive::ApplyOptions options;
    options.owners = archive::Owners::record;
    options.record_to = &recorded;
    options.user_xattr = true;
    options.make_devices = false;
    fuzz::Pieces source(fuzz::text_of(data + 1, size - 1), size_t(data[0]) * 16);
    (void)archive::apply_layer(source, tree, options);

    fuzz::must(fs::list(place.fd()).take().size() == 2);
    Fd neighbour = sys::open_at(place.fd(), "neighbour", O_RDONLY | O_DIRECTORY).take();
    fuzz::must(fs::list(neighbour).take().empty());
    return 0;
}
