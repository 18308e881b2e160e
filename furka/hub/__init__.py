"""The program on a server that ends the tunnels: hear the plan, have exactly it in force, say what is seen."""
