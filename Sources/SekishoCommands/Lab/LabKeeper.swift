internal import Lab

/// The hidden verb under which `lab up` starts this program again as the lab's first process.
package enum LabKeeper {
  static let verb = "lab-keeper"

  /// Becomes the keeper when the program was started as one; returns otherwise.
  package static func runIfAsked() {
    if CommandLine.arguments.count == 2, CommandLine.arguments[1] == verb { Lab.keep() }
  }
}
