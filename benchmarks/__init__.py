"""Speed and size, measured beside peers: `python -m benchmarks`. Every figure is a ratio of medians from one
interleaved run, because an absolute time on a shared machine means little."""
