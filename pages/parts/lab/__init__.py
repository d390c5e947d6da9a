"""What the Benchmark and History pages share: plans, runs under way, results and their charts."""
