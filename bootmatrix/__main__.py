from bootmatrix.cli import main

main()
