// progress.cpp - bars on a terminal, lines in a log.
//
// The bars stand at the bottom of the screen: each redraw goes up over the last one.  When there
// are more layers than the terminal has rows, those that are done make room.

#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/print.h"
#include "cli/say.h"

namespace kist::cli {

namespace {

using Phase = image::Progress::Phase;

constexpr int64_t kRedrawMs = 100;
constexpr size_t kBarWidth = 30;
constexpr size_t kShortDigest = 12;

const char* words_for(Phase phase)
{
    switch (phase) {
        case Phase::waiting: return "waiting";
        case Phase::downloading: return "downloading";
        case Phase::extracting: return "extracting";
        case Phase::syncing: return "syncing";
        case Phase::done: return "done";
        case Phase::exists: return "already here";
    }
    return "";
}

// On a line, at once: both may be the same terminal.
void print_line(Where where, const String& line)
{
    tell(where, "%s\n", line.c_str());
    (void)flush();
}

class Lines : public image::Progress {
public:
    explicit Lines(Where results) : results_(results) {}

    void layer(size_t index, size_t count, const Digest& blob, Phase phase, uint64_t,
               uint64_t total) override
    {
        if (phases_.size() < count)
            phases_.resize(count, char(Phase::waiting));
        if (phases_[index] == char(phase))
            return;
        phases_[index] = char(phase);
        String size = phase == Phase::downloading && total ? " " + human_size(total) : "";
        tell(Where::errors, "%.*s: %s%s\n", int(kShortDigest), blob.hex().c_str(), words_for(phase),
             size.c_str());
    }
    void said(const String& line) override { print_line(Where::errors, line); }
    void ended(const String& line) override { print_line(results_, line); }

private:
    Where results_;
    String phases_;  // one in each character
};

class Bars : public image::Progress {
public:
    explicit Bars(Where results) : results_(results) {}
    ~Bars() override { draw(); }

    void layer(size_t index, size_t count, const Digest& blob, Phase phase, uint64_t bytes,
               uint64_t total) override
    {
        if (layers_.size() < count)
            layers_.resize(count);
        Layer& layer = layers_[index];
        if (layer.name.empty())
            layer.name = blob.hex().substr(0, kShortDigest);
        int64_t now = clock::steady_ms();
        if (phase == Phase::downloading && layer.phase != phase)
            layer.began = now;
        bool changed = layer.phase != phase;
        layer.phase = phase;
        layer.bytes = bytes;
        layer.total = total;
        if (changed || now - drawn_at_ >= kRedrawMs)
            draw();
    }

    void said(const String& line) override
    {
        erase();
        print_line(Where::errors, line);
        draw();
    }

    void ended(const String& line) override
    {
        draw();
        layers_.clear();  // they stay as they stand, above the line
        rows_ = 0;
        print_line(results_, line);
    }

private:
    struct Layer {
        String name;
        Phase phase = Phase::waiting;
        uint64_t bytes = 0, total = 0;
        int64_t began = 0;
    };

    void erase()
    {
        if (rows_)
            tell(Where::errors, "\033[%zuA\033[J", rows_);
        rows_ = 0;
    }

    void draw()
    {
        drawn_at_ = clock::steady_ms();
        winsize size = {};
        (void)::ioctl(2, TIOCGWINSZ, &size);
        size_t room = size.ws_row > 4 ? size.ws_row - 2u : 20;
        size_t finished = 0;
        for (const Layer& layer : layers_)
            finished += layer.phase >= Phase::done;
        size_t hidden = layers_.size() > room ? std::min(finished, layers_.size() - room) : 0;

        erase();
        for (const Layer& layer : layers_) {
            if (layer.name.empty() || rows_ >= room)
                continue;
            if (hidden && layer.phase >= Phase::done) {
                hidden--;
                continue;
            }
            tell(Where::errors, "%s\n", line_of(layer, size.ws_col ? size.ws_col : 80).c_str());
            rows_++;
        }
    }

    // "a3ed95caeb02 [=====>      ] 12.1MB/48.2MB  5.3MB/s  downloading"
    String line_of(const Layer& layer, size_t columns) const
    {
        String line = layer.name;
        bool moving = layer.phase == Phase::downloading || layer.phase == Phase::extracting;
        if (moving && layer.total) {
            String bar(std::min(layer.bytes, layer.total) * kBarWidth / layer.total, '=');
            bar += '>';
            bar.resize(kBarWidth, ' ');
            line += str::format(" [%s] %s/%s", bar.c_str(), human_size(layer.bytes).c_str(),
                                human_size(layer.total).c_str());
            int64_t elapsed = drawn_at_ - layer.began;
            if (elapsed > 0)
                line += str::format("  %s/s",
                                    human_size(layer.bytes * 1000 / uint64_t(elapsed)).c_str());
            line += ' ';
        }
        line += str::format(" %s", words_for(layer.phase));
        if (layer.phase == Phase::done && layer.total)
            line += str::format(" %s", human_size(layer.total).c_str());
        line.resize(std::min(line.size(), columns - 1));
        return line;
    }

    Where results_;
    Vector<Layer> layers_;
    size_t rows_ = 0;  // drawn last time
    int64_t drawn_at_ = 0;
};

}  // namespace

std::unique_ptr<image::Progress> make_progress(Where results)
{
    if (::isatty(2))
        return std::make_unique<Bars>(results);
    return std::make_unique<Lines>(results);
}

}  // namespace kist::cli
