import FleetGenerator
import Foundation

// Writes a generated fleet as an inventory: fleet-files HOSTS DIRECTORY
guard CommandLine.arguments.count == 3, let hosts = Int(CommandLine.arguments[1]), hosts >= 50 else {
  FileHandle.standardError.write(Data("usage: fleet-files HOSTS DIRECTORY (at least 50 hosts)\n".utf8))
  exit(64)
}
let directory = URL(fileURLWithPath: CommandLine.arguments[2])
try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
for file in Fleet(hosts: hosts).files {
  try Data(file.text.utf8).write(to: directory.appendingPathComponent(file.path))
}
