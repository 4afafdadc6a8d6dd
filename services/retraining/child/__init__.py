"""What runs in the process of a job: it reads the job's folder and writes the result."""
