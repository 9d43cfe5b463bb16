import Foundation

// Measures every figure that Sekisho promises: benchmark SEKISHO DIRECTORY. Parts that need a network
// namespace of their own run in children of this program.
setenv("TZ", "UTC", 1)
let arguments = CommandLine.arguments
guard arguments.count == 3 else { fail("usage: benchmark SEKISHO DIRECTORY") }
if arguments[1] == "tuples" {
  let tuples = try AllowedTuples(arguments[2])
  write("\(tuples.count) \(tuples.rulesets)")
} else {
  try all(sekisho: arguments[1], place: arguments[2])
}

func all(sekisho: String, place: String) throws {
  let program = CommandLine.arguments[0]
  try? FileManager.default.removeItem(atPath: place)
  try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
  try BinaryFigures(sekisho: sekisho, place: place).show()
  try CompileFigures(sekisho: sekisho, program: program, place: place).show()
}
