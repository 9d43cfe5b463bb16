internal import ArgumentParser
internal import SekishoCommands

@main
struct Main {
  static func main() async {
    Surroundings.require()
    // Ahead of everything that may start a thread: a namespace is entered by one thread alone.
    LabKeeper.runIfAsked()
    Signals.ignoreBrokenPipes()
    await Sekisho.start()
  }
}
