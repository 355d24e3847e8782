import ArgumentParser

struct DatanetCommand: ParsableCommand {}
struct ModelCommand: ParsableCommand {}
struct AdapterCommand: ParsableCommand {}
