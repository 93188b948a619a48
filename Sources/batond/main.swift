import ArgumentParser

BatondCommand.main()
